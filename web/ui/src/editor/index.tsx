//! The flow editor, and the picture of a flow for pages that only show it.

import { useQuery } from "@tanstack/react-query";
import { type ComponentType, useEffect, useMemo, useState } from "react";
import { flowsQuery } from "~/api/flows";
import { useCan } from "~/api/session";
import type { Draft, StepState } from "~/api/types";
import { useText } from "~/i18n";
import { Banner } from "~/ui/banner";
import { Skeleton } from "~/ui/skeleton";
import { toast } from "~/ui/toast";
import { read } from "~/yaml";
import { type DocumentKind, readDraft, validate } from "./api";
import { FlowCanvas } from "./canvas/flow-canvas";
import { stopOf } from "./canvas/keys";
import { stepOf } from "./canvas/parts";
import { Editor, type EditorProps, type Reviewing } from "./editor";
import { picture } from "./model/model";
import type { Stop } from "./model/walk";
import { type Autosave, autosave, forgetCopy, keptCopy } from "./state/autosave";
import { type Closed, createEditor, EditorContext, type EditorStore, goTo, setText, undoEdit } from "./state/editor";
import { keepLock, type LockKeeper } from "./state/lock";
import { found } from "./state/problems";
import { addEditorTexts } from "./texts";

/** The texts of the editor are loaded with it. */
function useTexts(): boolean {
  const [ready, setReady] = useState(false);
  useEffect(() => {
    let there = true;
    void addEditorTexts().then(() => there && setReady(true));
    return () => {
      there = false;
    };
  }, []);
  return ready;
}

/** The editor of one flow (or file of rules): loads its draft, holds its lock, saves what is changed. */
export function FlowEditor({
  id,
  kind = "flows",
  frame = Editor,
  at = null,
  ...review
}: {
  id: string;
  kind?: DocumentKind;
  /** The place of the text to begin at: the step in which it is, is selected. */
  at?: string | null;
  /** What is drawn around the open document. */
  frame?: ComponentType<EditorProps>;
} & Reviewing) {
  const ready = useTexts();
  const { data: draft, error } = useQuery({
    queryKey: ["draft", kind, id],
    queryFn: () => readDraft(kind, id),
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
    refetchOnWindowFocus: false,
    refetchOnReconnect: false,
  });
  if (error) return <Banner tone="bad">{error.message}</Banner>;
  if (!draft || !ready) return <Skeleton lines={10} />;
  return <Opened key={id} kind={kind} id={id} draft={draft} frame={frame} at={at} {...review} />;
}

interface Open {
  store: EditorStore;
  saves: Autosave | null;
  lock: LockKeeper | null;
}

interface OpenedProps extends Reviewing {
  kind: DocumentKind;
  id: string;
  draft: Draft;
  frame: ComponentType<EditorProps>;
  at: string | null;
}

function Opened({ kind, id, draft, frame: Frame, at, ...review }: OpenedProps) {
  const t = useText();
  const can = useCan();
  const closed: Closed | null = draft.read_only === "file" ? "file" : can(`${kind}.edit`) ? null : "permission";
  const [open, setOpen] = useState<Open | null>(null);
  const { data: flows } = useQuery({ ...flowsQuery, enabled: kind === "flows" });
  const row = flows?.find((flow) => flow.id === id);
  const live = useMemo(
    () => (row ? { state: row.state, version: row.text_no ? String(row.text_no) : null } : null),
    [row],
  );
  // biome-ignore lint/correctness/useExhaustiveDependencies: a document is opened once; what comes after are edits.
  useEffect(() => {
    const store = createEditor(draft.text, closed);
    const step = stepOf(store.getState().picture, at);
    if (step !== null) goTo(store, stopOf(step));
    const saves = closed ? null : autosave(store, kind, id, draft.revision, draft.changed_at);
    const lock = closed ? null : keepLock(store, kind, id, () => void saves?.refresh());
    if (saves) restore(store, saves, kind, id, draft, t("editor.restored"));
    validate(draft.text).then(
      ({ problems }) => store.getState().source.text === draft.text && found(store, problems),
      () => undefined,
    );
    setOpen({ store, saves, lock });
    return () => {
      saves?.stop();
      lock?.stop();
    };
  }, []);
  if (!open) return <Skeleton lines={10} />;
  return (
    <EditorContext.Provider value={open.store}>
      <Frame
        kind={kind}
        id={id}
        saves={open.saves}
        lock={open.lock}
        mayPublish={can(`${kind}.publish`)}
        live={live}
        {...review}
      />
    </EditorContext.Provider>
  );
}

/** What the browser kept and the server never got, after a crash or without a network. */
function restore(
  store: EditorStore,
  saves: Autosave,
  kind: DocumentKind,
  id: string,
  draft: Draft,
  words: string,
): void {
  const kept = keptCopy(kind, id);
  if (!kept || kept.text === draft.text) {
    forgetCopy(kind, id);
    return;
  }
  // Somebody else saved since: a person decides which of the two it is.
  if (kept.revision !== draft.revision) {
    saves.store.setState({
      saving: { state: "conflict", theirs: draft.text, by: draft.changed_by, revision: draft.revision },
    });
  }
  setText(store, kept.text, null);
  toast(words, () => undoEdit(store));
}

/** A flow that is only looked at, with what became of its steps in a run. `text` is that of the version that ran. */
export function RunCanvas({
  text,
  states,
  took,
  selected,
  onSelect,
}: {
  text: string;
  states: Readonly<Record<string, StepState>>;
  took?: Readonly<Record<string, string>>;
  selected: string | null;
  onSelect: (path: string | null) => void;
}) {
  const ready = useTexts();
  const flow = useMemo(() => picture(read(text)), [text]);
  const [collapsed, setCollapsed] = useState<ReadonlySet<string>>(new Set());
  const stop = useMemo<Stop | null>(
    () => (selected === null ? null : selected === "on" ? { kind: "on" } : { kind: "step", path: selected }),
    [selected],
  );
  if (!ready) return <Skeleton lines={10} />;
  const toggle = (path: string) => {
    const next = new Set(collapsed);
    if (!next.delete(path)) next.add(path);
    setCollapsed(next);
  };
  return (
    <FlowCanvas
      picture={flow}
      states={states}
      {...(took ? { took } : {})}
      stop={stop}
      onStop={(next) => onSelect(next.kind === "step" ? next.path : next.kind === "on" ? "on" : null)}
      collapsed={collapsed}
      onToggle={toggle}
    />
  );
}
