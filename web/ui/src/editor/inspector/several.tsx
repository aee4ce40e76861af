//! What can be done with several selected steps, in the place of the settings of one.

import { ArrowDown, ArrowUp, Copy, CopyPlus, Group, Scissors, Trash2, Workflow } from "lucide-react";
import { useText } from "~/i18n";
import { Button } from "~/ui/button";
import type { Commands } from "../canvas/commands";
import { StepIcon } from "../canvas/icons";
import { cardOf } from "../model/cards";
import { useEditor } from "../state/editor";
import { inRow } from "../state/selection";
import styles from "./inspector.module.css";

/** `paths` are the selected steps in the order of the flow. */
export function Several({ paths, commands }: { paths: readonly string[]; commands: Commands | null }) {
  const t = useText();
  const picture = useEditor((state) => state.picture);
  const steps = paths.map((path) => picture.steps.get(path)).filter((step) => step !== undefined);
  const row = inRow(picture, paths);
  const [first = ""] = paths;
  const all = [
    { id: "copy", icon: Copy, do: (on: Commands) => on.copy(first) },
    { id: "cut", icon: Scissors, do: (on: Commands) => on.cut(first) },
    { id: "duplicate", icon: CopyPlus, do: (on: Commands) => on.duplicate(first) },
  ];
  const together = [
    { id: "up", icon: ArrowUp, do: (on: Commands) => on.move(first, -1) },
    { id: "down", icon: ArrowDown, do: (on: Commands) => on.move(first, 1) },
    ...(["if", "parallel", "for_each"] as const).map((around) => ({
      id: `wrap_${around}`,
      icon: Group,
      do: (on: Commands) => on.wrap(first, around),
    })),
    { id: "to_flow", icon: Workflow, do: (on: Commands) => on.toFlow(first) },
  ];
  return (
    <>
      <ol className={styles.several}>
        {steps.map((step) => {
          const card = cardOf(step, t);
          return (
            <li key={step.path}>
              <StepIcon icon={card.icon} size={16} />
              <bdi dir="auto">{card.title}</bdi>
              <bdi className={styles.hint} dir="auto">
                {card.detail}
              </bdi>
            </li>
          );
        })}
      </ol>
      {commands && (
        <>
          <div className={styles.deeds}>
            {(row ? [...all, ...together] : all).map((deed) => (
              <Button
                key={deed.id}
                size="s"
                icon={<deed.icon size={14} aria-hidden />}
                onPress={() => deed.do(commands)}
              >
                {t(`editor.menu.${deed.id}`)}
              </Button>
            ))}
            <Button
              size="s"
              look="danger"
              icon={<Trash2 size={14} aria-hidden />}
              onPress={() => commands.remove(first)}
            >
              {t("editor.menu.delete")}
            </Button>
          </div>
          <p className={styles.hint}>{t(row ? "editor.several_hint" : "editor.refused.apart")}</p>
        </>
      )}
    </>
  );
}
