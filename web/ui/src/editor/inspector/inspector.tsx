//! The settings of what is selected, beside the picture.

import { MoreHorizontal, X } from "lucide-react";
import { useEffect, useRef } from "react";
import { useText } from "~/i18n";
import { IconButton } from "~/ui/button";
import type { Commands } from "../canvas/commands";
import { StepIcon, TriggerIcon } from "../canvas/icons";
import { cardOf } from "../model/cards";
import { select, useEditor, useEditorStore } from "../state/editor";
import { Advanced } from "./advanced";
import styles from "./inspector.module.css";
import { TriggerForm } from "./trigger-form";
import { VerbForm } from "./verb-forms";

/** The panel with the form of the selected step, or of what starts the flow. */
export function Inspector({ commands }: { commands: Commands | null }) {
  const t = useText();
  const store = useEditorStore();
  const stop = useEditor((state) => state.stop);
  const step = useEditor((state) =>
    state.stop?.kind === "step" ? state.picture.steps.get(state.stop.path) : undefined,
  );
  const wanted = useEditor((state) => (state.wanted.what === "inspector" ? state.wanted.count : 0));
  const panel = useRef<HTMLElement>(null);
  useEffect(() => {
    if (wanted === 0) return;
    const first = panel.current?.querySelector<HTMLElement>(
      ":is([role=textbox], input:not([type=hidden]), textarea, [data-form] button)",
    );
    (first ?? panel.current)?.focus();
  }, [wanted]);
  if (!stop || stop.kind === "empty") return null;
  const card = step ? cardOf(step, t) : null;
  const title = card?.title ?? t("editor.starts");
  return (
    <aside
      ref={panel}
      className={styles.inspector}
      aria-label={t("editor.settings_of", { what: title })}
      tabIndex={-1}
      onKeyDown={(event) => {
        if (event.key !== "Escape" || event.defaultPrevented) return;
        store.setState(({ wanted: before }) => ({ wanted: { what: "stop", count: before.count + 1 } }));
      }}
    >
      <header className={styles.head}>
        <span className={styles.head_icon}>
          {card ? <StepIcon icon={card.icon} /> : <TriggerIcon size={18} aria-hidden />}
        </span>
        <h2 className={styles.title}>
          <bdi dir="auto">{title}</bdi>
        </h2>
        {step?.id && <code dir="ltr">{step.id}</code>}
        {step && commands && (
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
          onPress={() => select(store, null)}
        />
      </header>
      <div className={styles.form} data-form key={step?.path ?? "on"}>
        {step ? (
          <>
            <VerbForm step={step} />
            <Advanced step={step} />
          </>
        ) : (
          <TriggerForm />
        )}
      </div>
    </aside>
  );
}
