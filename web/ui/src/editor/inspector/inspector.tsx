//! The settings of what is selected, beside the picture.

import { MoreHorizontal, Plus, X } from "lucide-react";
import { lazy, Suspense, useEffect, useRef } from "react";
import { useText } from "~/i18n";
import { Button, IconButton } from "~/ui/button";
import type { Commands } from "../canvas/commands";
import { StepIcon, TriggerIcon } from "../canvas/icons";
import { cardOf, type Icon } from "../model/cards";
import { stopKey } from "../model/walk";
import { select, useEditor, useEditorStore } from "../state/editor";
import { Advanced } from "./advanced";
import styles from "./inspector.module.css";
import { Several } from "./several";
import { TriggerForm } from "./trigger-form";
import { VerbForm } from "./verb-forms";

const StepTest = lazy(() => import("../test/step-test").then(({ StepTest }) => ({ default: StepTest })));

/** What is written into; of these the first empty one is where one begins. */
const FIELDS = "[data-form] :is([role=textbox], input:not([type=hidden]), textarea):not([tabindex='-1'])";
/** Where there is nothing to write into, one begins at the first thing that can be pressed. */
const BUTTONS = "[data-form] button:not([tabindex='-1'], [disabled])";

/** The panel with the form of the selected step, or of what starts the flow. */
export function Inspector({ commands }: { commands: Commands | null }) {
  const t = useText();
  const store = useEditorStore();
  const stop = useEditor((state) => state.stop);
  const step = useEditor((state) =>
    state.stop?.kind === "step" ? state.picture.steps.get(state.stop.path) : undefined,
  );
  const many = useEditor((state) => state.many);
  const wanted = useEditor((state) => (state.wanted.what === "inspector" ? state.wanted.count : 0));
  const panel = useRef<HTMLElement>(null);
  useEffect(() => {
    if (wanted === 0) return;
    const fields = [...(panel.current?.querySelectorAll<HTMLElement>(FIELDS) ?? [])];
    const first =
      fields.find((field) => field.textContent === "" && !("value" in field && field.value !== "")) ?? fields[0];
    (first ?? panel.current?.querySelector<HTMLElement>(BUTTONS) ?? panel.current)?.focus();
  }, [wanted]);
  if (!stop) return null;
  const card = step ? cardOf(step, t) : null;
  // Beside an empty branch the panel stays, so that the picture does not jump.
  const empty = stop.kind === "empty" ? stop.list : null;
  const several = many.length > 0;
  const title = several
    ? t("editor.said.selected", { n: many.length })
    : (card?.title ?? t(empty === null ? "editor.starts" : "editor.nothing_here"));
  return (
    <aside
      ref={panel}
      className={styles.inspector}
      aria-label={t("editor.settings_of", { what: title })}
      tabIndex={-1}
      onKeyDown={(event) => {
        // Escape closes an open list first.
        const list = (event.target as Element).getAttribute("aria-expanded") === "true";
        if (event.key !== "Escape" || event.defaultPrevented || list) return;
        store.setState(({ wanted: before }) => ({ wanted: { what: "stop", count: before.count + 1 } }));
      }}
    >
      <header className={styles.head}>
        <span className={styles.head_icon}>
          <HeadIcon icon={several ? "parallel" : card?.icon} starts={empty === null} />
        </span>
        <h2 className={styles.title}>
          <bdi dir="auto">{title}</bdi>
        </h2>
        {!several && step?.id && <code dir="ltr">{step.id}</code>}
        {!several && step && commands && (
          <span className={styles.head_menu}>
            <IconButton
              size="s"
              label={t("editor.more", { step: title })}
              icon={<MoreHorizontal size={16} aria-hidden />}
              onPress={({ target }) => commands.menu(step.path, target)}
            />
          </span>
        )}
        <IconButton
          size="s"
          label={t("ui.close")}
          icon={<X size={16} aria-hidden />}
          onPress={() => {
            select(store, several ? stop : null);
            // What was closed gives the focus to what it was about.
            document.querySelector<HTMLElement>(`[data-stop="${CSS.escape(stopKey(stop))}"]`)?.focus();
          }}
        />
      </header>
      <div className={styles.form} data-form key={several ? "several" : stopKey(stop)}>
        {several ? (
          <Several paths={many} commands={commands} />
        ) : step ? (
          <>
            <VerbForm step={step} />
            <Advanced step={step} />
          </>
        ) : empty === null ? (
          <TriggerForm />
        ) : (
          commands && (
            <Button
              icon={<Plus size={16} aria-hidden />}
              onPress={({ target }) => commands.add({ list: empty, index: 0 }, target)}
            >
              {t("editor.add_here")}
            </Button>
          )
        )}
      </div>
      <Suspense>{!several && step?.verb && <StepTest key={stopKey(stop)} step={step} />}</Suspense>
    </aside>
  );
}

function HeadIcon({ icon, starts }: { icon: Icon | undefined; starts: boolean }) {
  if (icon) return <StepIcon icon={icon} />;
  return starts ? <TriggerIcon size={18} aria-hidden /> : null;
}
