//! The text of the flow in an editor for code; loaded when it is first opened.

import { autocompletion, closeBrackets, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, indentLess, indentMore } from "@codemirror/commands";
import { yaml } from "@codemirror/lang-yaml";
import { bracketMatching, HighlightStyle, indentOnInput, syntaxHighlighting } from "@codemirror/language";
import { type Diagnostic, lintGutter, setDiagnostics } from "@codemirror/lint";
import { highlightSelectionMatches, search, searchKeymap } from "@codemirror/search";
import { Annotation, Compartment, EditorState as TextState } from "@codemirror/state";
import { drawSelection, EditorView, highlightActiveLine, keymap, lineNumbers } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import type { Problem } from "~/api/types";
import { useText } from "~/i18n";
import { aboutInWords, addAbouts } from "~/server/catalog";
import { difference } from "~/yaml";
import { type Catalog, catalogQuery } from "../api";
import { type EditorStore, redoEdit, select, setText, undoEdit, useEditorStore } from "../state/editor";
import { rangeAt, stopAt } from "./caret";
import { offersAt } from "./complete";
import { pageNonce } from "./nonce";
import styles from "./panel.module.css";

/** Marks what came from the document, so that it does not go back there. */
const FromDocument = Annotation.define<boolean>();

const COLOURS = HighlightStyle.define([
  { tag: [tags.propertyName, tags.definition(tags.propertyName)], color: "var(--accent)" },
  { tag: tags.comment, color: "var(--text-2)", fontStyle: "italic" },
  { tag: [tags.string, tags.special(tags.string)], color: "var(--good)" },
  { tag: [tags.number, tags.bool, tags.null, tags.keyword], color: "var(--busy)" },
]);

export default function YamlPanel() {
  const t = useText();
  const store = useEditorStore();
  const client = useQueryClient();
  const host = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!host.current) return;
    void client.prefetchQuery(catalogQuery);
    void addAbouts();
    const view = open(host.current, store, () => client.getQueryData<Catalog>(catalogQuery.queryKey), t("editor.yaml"));
    return () => view.close();
  }, [store, client, t]);
  return <div ref={host} className={styles.panel} dir="ltr" />;
}

function open(
  parent: HTMLElement,
  store: EditorStore,
  catalog: () => Catalog | undefined,
  label: string,
): { close: () => void } {
  const readOnly = new Compartment();
  const closed = () => TextState.readOnly.of(store.getState().closed !== null);
  const plain = () => store.getState().source.text.replaceAll("\r\n", "\n");
  const view = new EditorView({
    parent,
    state: TextState.create({
      doc: plain(),
      extensions: [
        pageNonce(),
        lineNumbers(),
        drawSelection(),
        highlightActiveLine(),
        indentOnInput(),
        bracketMatching(),
        closeBrackets(),
        yaml(),
        lintGutter(),
        highlightSelectionMatches(),
        search({ top: true }),
        syntaxHighlighting(COLOURS),
        EditorView.lineWrapping,
        EditorView.contentAttributes.of({ "aria-label": label, spellcheck: "false", tabindex: "0" }),
        TextState.tabSize.of(2),
        readOnly.of(closed()),
        autocompletion({ override: [completions(catalog)] }),
        keymap.of([...own(store), ...completionKeymap, ...searchKeymap, ...defaultKeymap]),
        EditorView.updateListener.of((update) => {
          if (update.transactions.some((transaction) => transaction.annotation(FromDocument))) return;
          if (update.docChanged) write(store, update.state.doc.toString());
          if (update.selectionSet && update.view.hasFocus) follow(store, update.state.selection.main.head);
        }),
      ],
    }),
  });
  mark(view, store.getState().problems, store.getState().broken);
  show(view, store);
  const stop = store.subscribe((state, before) => {
    const text = plain();
    if (state.source !== before.source && view.state.doc.toString() !== text) {
      view.dispatch({ changes: difference(view.state.doc.toString(), text), annotations: FromDocument.of(true) });
    }
    if (state.closed !== before.closed) view.dispatch({ effects: readOnly.reconfigure(closed()) });
    if (state.problems !== before.problems || state.broken !== before.broken) mark(view, state.problems, state.broken);
    if (state.stop !== before.stop && !view.hasFocus) show(view, store);
  });
  return {
    close: () => {
      stop();
      view.destroy();
    },
  };
}

/** Undo is that of the document; Tab leaves the text, as keyboards expect of a page. */
function own(store: EditorStore) {
  return [
    { key: "Mod-z", run: () => undoEdit(store), preventDefault: true },
    { key: "Mod-Shift-z", run: () => redoEdit(store), preventDefault: true },
    { key: "Mod-y", run: () => redoEdit(store), preventDefault: true },
    { key: "Mod-]", run: indentMore },
    { key: "Mod-[", run: indentLess },
  ];
}

function write(store: EditorStore, text: string): void {
  const { newline } = store.getState().source;
  setText(store, newline === "\n" ? text : text.replaceAll("\n", newline));
}

function follow(store: EditorStore, head: number): void {
  const { source, picture, broken } = store.getState();
  if (broken) return;
  const stop = stopAt(source, picture, inSource(source.text, head));
  if (stop) select(store, stop);
}

function show(view: EditorView, store: EditorStore): void {
  const { source, stop, broken } = store.getState();
  const range = stop && !broken ? rangeAt(source, stop) : null;
  if (!range) return;
  const at = inPanel(source.text, range[0]);
  view.dispatch({
    selection: { anchor: at },
    effects: EditorView.scrollIntoView(at, { y: "center" }),
    annotations: FromDocument.of(true),
  });
}

/** The panel counts a line's end as one character, whatever it is in the text. */
function inPanel(text: string, offset: number): number {
  return text.slice(0, offset).replaceAll("\r\n", "\n").length;
}

function inSource(text: string, offset: number): number {
  if (!text.includes("\r\n")) return offset;
  let at = 0;
  for (let left = offset; left > 0; left -= 1) at += text.startsWith("\r\n", at) ? 2 : 1;
  return at;
}

function mark(
  view: EditorView,
  problems: readonly Problem[],
  broken: { line: number; column: number; message: string } | null,
): void {
  const { doc } = view.state;
  const place = (line: number, column: number) => {
    const found = doc.line(Math.min(Math.max(1, line), doc.lines));
    return { from: Math.min(found.from + Math.max(0, column - 1), found.to), to: found.to };
  };
  const all: Diagnostic[] = problems.map((problem) => ({
    ...place(problem.line, problem.column),
    severity: problem.severity === "warning" ? "warning" : "error",
    message: problem.hint ? `${problem.message}\n${problem.hint}` : problem.message,
  }));
  if (broken) all.unshift({ ...place(broken.line, broken.column), severity: "error", message: broken.message });
  view.dispatch(setDiagnostics(view.state, all));
}

function completions(catalog: () => Catalog | undefined) {
  return ({ state, pos, explicit }: { state: TextState; pos: number; explicit: boolean }) => {
    const found = offersAt(state.doc.toString(), pos, catalog());
    if (!found || (!explicit && found.from === pos)) return null;
    const options = found.offers.map(({ label, detail, apply }) => ({
      label,
      apply,
      type: "property",
      ...(detail ? { info: aboutInWords(detail) } : {}),
    }));
    return { from: found.from, options, validFor: /^[\w.]*$/ };
  };
}
