//! One document open: its views, its forms, and what surrounds them.

import { useQueryClient } from "@tanstack/react-query";
import { lazy, Suspense, useCallback, useEffect, useMemo, useState } from "react";
import type { FlowState, Problem } from "~/api/types";
import { Skeleton } from "~/ui/skeleton";
import { catalogQuery, type DocumentKind } from "./api";
import { FlowCanvas } from "./canvas/flow-canvas";
import { stopOf } from "./canvas/keys";
import { problemsByStep, stepOf } from "./canvas/parts";
import styles from "./editor.module.css";
import { Banners } from "./header/banners";
import { Header } from "./header/header";
import { Problems } from "./header/problems";
import { Said } from "./header/said";
import type { Stop } from "./model/walk";
import { Printing } from "./print/printing";
import { useApprovalNeeded } from "./publish/draft";
import { withPublishTexts } from "./publish/texts";
import type { Autosave } from "./state/autosave";
import {
  goTo,
  isOpen,
  redoEdit,
  select,
  toggleCollapsed,
  undoEdit,
  useEditor,
  useEditorStore,
  type View,
} from "./state/editor";
import type { LockKeeper } from "./state/lock";
import { useProblems } from "./state/problems";
import { standOn } from "./state/selection";
import { type Opening, useCommands } from "./state/use-commands";

// The picture comes first; forms and lists follow while it is looked at, windows when they are opened.
const forms = () => import("./inspector/inspector");
const picker = () => import("./canvas/step-picker");
const menus = () => import("./canvas/step-menu");
const Inspector = lazy(() => forms().then(({ Inspector }) => ({ default: Inspector })));
const StepPicker = lazy(() => picker().then(({ StepPicker }) => ({ default: StepPicker })));
const StepMenu = lazy(() => menus().then(({ StepMenu }) => ({ default: StepMenu })));
const Outline = lazy(() => import("./outline/outline").then(({ Outline }) => ({ default: Outline })));
const TestPanel = lazy(() => import("./test/test-panel").then(({ TestPanel }) => ({ default: TestPanel })));
const PublishDialog = lazy(() =>
  withPublishTexts(import("./publish/publish")).then(({ PublishDialog }) => ({ default: PublishDialog })),
);
const Versions = lazy(() =>
  withPublishTexts(import("./publish/versions")).then(({ Versions }) => ({ default: Versions })),
);
const SearchDialog = lazy(() => import("./header/search").then(({ SearchDialog }) => ({ default: SearchDialog })));
const ToFlow = lazy(() => import("./header/to-flow").then(({ ToFlow }) => ({ default: ToFlow })));
const DropDraft = lazy(() => import("./header/drop-draft").then(({ DropDraft }) => ({ default: DropDraft })));
const Help = lazy(() => import("./header/help").then(({ Help }) => ({ default: Help })));
const YamlPanel = lazy(() => import("./yaml/panel"));
const VIEW = "editor view";

/** Whoever comes to answer an approval, or to hear its answer, begins at the window that says it. */
export interface Reviewing {
  reviewing?: boolean;
  /** That window was closed. */
  onReviewed?: () => void;
}

export interface EditorProps extends Reviewing {
  kind: DocumentKind;
  id: string;
  saves: Autosave | null;
  lock: LockKeeper | null;
  mayPublish: boolean;
  live: { state: FlowState; version: string | null } | null;
}

export function Editor({ kind, id, saves, lock, mayPublish, live, reviewing, onReviewed }: EditorProps) {
  const store = useEditorStore();
  const client = useQueryClient();
  const [window_, setWindow] = useState<"publish" | "versions" | "search" | "help" | "drop" | null>(null);
  const [testing, setTesting] = useState(false);
  const [adding, setAdding] = useState<{ list: string; index: number; anchor: Element } | null>(null);
  const [parting, setParting] = useState<readonly string[] | null>(null);
  const [menu, setMenu] = useState<{ path: string; anchor: Element } | null>(null);
  const opening = useMemo<Opening>(
    () => ({
      picker: (place, anchor) => setAdding({ ...place, anchor }),
      menu: (path, anchor) => setMenu({ path, anchor }),
      test: () => setTesting(true),
      toFlow: (paths) => setParting(paths),
    }),
    [],
  );
  const commands = useCommands(store, opening);
  const editable = useEditor(isOpen);
  const mayEdit = useEditor((state) => state.closed === null);
  // Whoever answers need not take the document away from its author.
  const mayAnswer = useEditor((state) => state.closed === null || state.closed === "locked");
  const reviews = useApprovalNeeded() && mayAnswer;
  const close = () => {
    if (reviewing) onReviewed?.();
    setWindow(null);
  };
  const setView = useCallback(
    (view: View) => {
      store.setState({ view });
      localStorage.setItem(VIEW, view);
    },
    [store],
  );
  useEffect(() => {
    const kept = kind === "flows" ? localStorage.getItem(VIEW) : "yaml";
    if (kept === "canvas" || kept === "outline" || kept === "yaml" || kept === "split") store.setState({ view: kept });
  }, [store, kind]);
  useEffect(() => {
    if (reviewing) setWindow("publish");
  }, [reviewing]);
  useShortcuts(store, () => setWindow("search"));
  useEffect(() => {
    for (const load of [forms, picker, menus]) void load();
    void client.prefetchQuery(catalogQuery);
    begin(store);
  }, [store, client]);
  const toProblem = (problem: Problem) => {
    close();
    const { picture, view } = store.getState();
    const step = stepOf(picture, problem.path);
    if (step === null || kind !== "flows") setView(view === "yaml" ? "yaml" : "split");
    else goTo(store, stopOf(step), "inspector");
  };
  return (
    <div className={styles.editor}>
      <Header
        kind={kind}
        live={live}
        saves={saves}
        mayEdit={mayEdit}
        mayPublish={mayPublish && mayEdit}
        mayReview={reviews}
        testing={testing}
        onView={setView}
        onSearch={() => setWindow("search")}
        onTest={() => setTesting(!testing)}
        onVersions={() => setWindow("versions")}
        onPublish={() => setWindow("publish")}
        onHelp={() => setWindow("help")}
        onDrop={() => setWindow("drop")}
      />
      <Banners saves={saves} lock={lock} onView={setView} />
      <div className={styles.body}>
        {kind === "flows" ? (
          <>
            <Views commands={editable ? commands : null} onHelp={() => setWindow("help")} />
            <Suspense>
              <Inspector commands={editable ? commands : null} />
            </Suspense>
          </>
        ) : (
          <TextView />
        )}
      </div>
      <Suspense>{testing && <TestPanel isFlow={kind === "flows"} onClose={() => setTesting(false)} />}</Suspense>
      <Problems onProblem={toProblem} />
      <Said />
      {kind === "flows" && <Printing />}
      <Suspense>
        <StepPicker
          anchor={adding?.anchor ?? null}
          onClose={() => setAdding(null)}
          onPick={(step) => adding && commands.pick(adding, step)}
          onPaste={() => adding && commands.pasteAt(adding)}
        />
        <StepMenu target={menu} commands={commands} onClose={() => setMenu(null)} />
        {parting !== null && <ToFlow paths={parting} onClose={() => setParting(null)} />}
        {window_ === "search" && <SearchDialog onClose={close} />}
        {window_ === "help" && <Help onClose={close} />}
        {window_ === "versions" && <Versions kind={kind} id={id} mayPublish={mayPublish} onClose={close} />}
        {window_ === "publish" && saves && (
          <PublishDialog
            kind={kind}
            id={id}
            saves={saves}
            mayPublish={mayPublish && mayEdit}
            onClose={close}
            onProblem={toProblem}
          />
        )}
        {window_ === "drop" && <DropDraft kind={kind} id={id} saves={saves} onClose={close} />}
      </Suspense>
    </div>
  );
}

/** Where one begins: a flow without steps with what starts it. Whoever came by the keyboard goes on by the keyboard. */
function begin(store: ReturnType<typeof useEditorStore>): void {
  const { picture, stop, closed, wanted } = store.getState();
  const fresh = picture.kind === "flow" && picture.steps.size === 0 && closed === null;
  if (fresh && !stop) select(store, { kind: "on" });
  if (document.activeElement === document.body) store.setState({ wanted: { what: "stop", count: wanted.count + 1 } });
}

/** The flow as a picture, a list, a text, or as picture and text. */
function Views({ commands, onHelp }: { commands: ReturnType<typeof useCommands> | null; onHelp: () => void }) {
  const store = useEditorStore();
  const view = useEditor((state) => state.view);
  const picture = useEditor((state) => state.picture);
  const problems = useProblems();
  const stop = useEditor((state) => state.stop);
  const many = useEditor((state) => state.many);
  const marked = useMemo(() => new Set(many), [many]);
  const collapsed = useEditor((state) => state.collapsed);
  const compact = useEditor((state) => state.compact);
  const painted = useEditor((state) => state.painted);
  const broken = useEditor((state) => state.broken !== null);
  const wanted = useEditor((state) => (state.wanted.what === "stop" ? state.wanted.count : 0));
  const opened = useEditor((state) => (state.wanted.what === "inspector" ? state.wanted.count : 0));
  const counts = useMemo(() => problemsByStep(picture, problems), [picture, problems]);
  const onStop = useCallback(
    (next: Stop, keep = false) => (keep ? standOn(store, next) : select(store, next)),
    [store],
  );
  const onToggle = useCallback((path: string) => toggleCollapsed(store, path), [store]);
  if (view === "yaml") return <TextView />;
  if (view === "outline") {
    return (
      <Suspense fallback={<Skeleton lines={10} />}>
        <Outline commands={commands} onHelp={onHelp} />
      </Suspense>
    );
  }
  return (
    <>
      <FlowCanvas
        picture={picture}
        states={painted}
        problems={counts}
        stop={stop}
        marked={marked}
        onStop={onStop}
        collapsed={collapsed}
        onToggle={onToggle}
        compact={compact}
        commands={commands}
        wanted={wanted}
        opened={opened}
        dimmed={broken}
        onHelp={onHelp}
      />
      {view === "split" && (
        <div className={styles.split}>
          <TextView />
        </div>
      )}
    </>
  );
}

/** The text by itself; of rules there is no picture but their table. */
function TextView() {
  return (
    <Suspense fallback={<Skeleton lines={10} />}>
      <YamlPanel />
    </Suspense>
  );
}

function useShortcuts(store: ReturnType<typeof useEditorStore>, onSearch: () => void): void {
  useEffect(() => {
    const key = (event: KeyboardEvent) => {
      if (!(event.ctrlKey || event.metaKey) || event.altKey || event.defaultPrevented) return;
      const inText = event.target instanceof Element && event.target.closest(".cm-editor") !== null;
      const letter = event.key.toLowerCase();
      if (letter === "f" && !inText) onSearch();
      else if (letter === "z" && !inText) event.shiftKey ? redoEdit(store) : undoEdit(store);
      else if (letter === "y" && !inText) redoEdit(store);
      else return;
      event.preventDefault();
    };
    window.addEventListener("keydown", key);
    return () => window.removeEventListener("keydown", key);
  }, [store, onSearch]);
}
