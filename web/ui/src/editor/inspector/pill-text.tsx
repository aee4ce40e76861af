//! A text field in which inserted values are pills.

import { Braces } from "lucide-react";
import { type KeyboardEvent, useEffect, useId, useRef, useState } from "react";
import { useText } from "~/i18n";
import { IconButton } from "~/ui/button";
import { pieces } from "../expression/template";
import { nameInWords } from "../expression/words";
import { DataPicker } from "./data-picker";
import styles from "./inspector.module.css";

interface Props {
  label: string;
  /** The label is read out only. */
  bare?: boolean;
  value: string;
  onChange: (text: string) => void;
  /** The place in the text, for what can be inserted. */
  path: string;
  hint?: string | null;
  error?: string | null;
  readOnly?: boolean;
  placeholder?: string;
  /** What a picked name is inserted as. */
  insert?: (name: string) => string;
}

/** Text with pills. `/` at the beginning of a word opens the list of data; a pill is one character to the keys. */
export function PillText({
  label,
  bare,
  value,
  onChange,
  path,
  hint,
  error,
  readOnly = false,
  placeholder,
  insert,
}: Props) {
  const t = useText();
  const box = useRef<HTMLDivElement>(null);
  const [picking, setPicking] = useState(false);
  const caret = useRef<Range | null>(null);
  const id = useId();
  useEffect(() => {
    const element = box.current;
    if (element && textOf(element) !== value) show(element, value, (name) => nameInWords(name, t));
  }, [value, t]);
  const keepCaret = () => {
    const selection = getSelection();
    if (selection?.rangeCount && box.current?.contains(selection.anchorNode))
      caret.current = selection.getRangeAt(0).cloneRange();
  };
  const input = () => {
    if (box.current) onChange(textOf(box.current));
  };
  const keyDown = (event: KeyboardEvent) => {
    if (event.key !== "/" || readOnly || !atWordStart()) return;
    event.preventDefault();
    keepCaret();
    setPicking(true);
  };
  const pick = (name: string) => {
    const element = box.current;
    if (!element) return;
    const range = caret.current ?? endOf(element);
    range.deleteContents();
    const text = insert ? insert(name) : `{{${name}}}`;
    range.insertNode(text.startsWith("{{") ? pill(text, nameInWords(name, t)) : document.createTextNode(text));
    range.collapse(false);
    onChange(textOf(element));
    requestAnimationFrame(() => {
      element.focus();
      getSelection()?.removeAllRanges();
      getSelection()?.addRange(range);
    });
  };
  return (
    <div className={styles.field}>
      {!bare && (
        <span id={id} className={styles.label}>
          {label}
        </span>
      )}
      <div className={`${styles.pill_box} ${error ? styles.invalid : ""} ${readOnly ? styles.read_only : ""}`}>
        {/* biome-ignore lint/a11y/useSemanticElements: no input can hold pills. */}
        <div
          ref={box}
          role="textbox"
          tabIndex={0}
          aria-multiline="true"
          aria-readonly={readOnly}
          aria-invalid={Boolean(error)}
          dir="auto"
          {...(bare ? { "aria-label": label } : { "aria-labelledby": id })}
          aria-describedby={hint || error ? `${id}-under` : undefined}
          data-placeholder={placeholder}
          contentEditable={readOnly ? false : "plaintext-only"}
          suppressContentEditableWarning
          className={styles.pill_text}
          onInput={input}
          onKeyDown={keyDown}
          onBlur={() => {
            keepCaret();
            if (box.current) show(box.current, value, (name) => nameInWords(name, t));
          }}
        />
        {!readOnly && (
          <IconButton
            size="s"
            label={t("editor.insert_data")}
            icon={<Braces size={14} aria-hidden />}
            onPress={() => setPicking(true)}
          />
        )}
      </div>
      {(error || hint) && (
        <span id={`${id}-under`} className={error ? styles.error : styles.hint}>
          {error || hint}
        </span>
      )}
      <DataPicker path={path} anchor={box} isOpen={picking} onClose={() => setPicking(false)} onPick={pick} />
    </div>
  );
}

/** The text of what stands in a field. */
export function textOf(element: Node): string {
  let text = "";
  for (const node of element.childNodes) {
    if (node instanceof HTMLElement && node.dataset.code !== undefined) text += node.dataset.code;
    else if (node.nodeName === "BR") text += node === element.lastChild ? "" : "\n";
    else text += node.nodeType === Node.TEXT_NODE ? (node.textContent ?? "") : textOf(node);
  }
  return text;
}

function show(element: HTMLElement, text: string, words: (name: string) => string): void {
  const nodes = pieces(text).map((piece) => {
    if (piece.kind === "words") return document.createTextNode(piece.text);
    return pill(piece.text, piece.kind === "name" ? words(piece.name) : piece.text);
  });
  // A line end that nothing follows is only seen with something behind it.
  if (text.endsWith("\n")) nodes.push(document.createElement("br"));
  element.replaceChildren(...nodes);
}

function pill(code: string, words: string): HTMLElement {
  const element = document.createElement("span");
  element.className = styles.pill ?? "";
  element.contentEditable = "false";
  element.dataset.code = code;
  element.title = code;
  element.textContent = words;
  return element;
}

function atWordStart(): boolean {
  const selection = getSelection();
  const node = selection?.anchorNode;
  if (!selection || node?.nodeType !== Node.TEXT_NODE) return true;
  const before = node.textContent?.charAt(selection.anchorOffset - 1) ?? "";
  return before === "" || /\s/.test(before);
}

function endOf(element: HTMLElement): Range {
  const range = document.createRange();
  range.selectNodeContents(element);
  range.collapse(false);
  return range;
}
