//! The bar over a file of rules: what it is called, whether it is saved and in force, and what can be done with all of it.

import { FlaskConical, History, MoreHorizontal } from "lucide-react";
import type { FlowState, RuleFile } from "~/api/types";
import bar from "~/editor/header/header.module.css";
import { SaveState } from "~/editor/header/save-state";
import { UndoRedo } from "~/editor/header/undo-redo";
import { ViewSwitch } from "~/editor/header/view-switch";
import type { Autosave } from "~/editor/state/autosave";
import { useEditor } from "~/editor/state/editor";
import { useText } from "~/i18n";
import { Button, IconButton, LinkButton } from "~/ui/button";
import { Menu } from "~/ui/menu";
import { FlowStateBadge } from "~/ui/status";
import styles from "./rules.module.css";

export type RulesView = "table" | "text";
const VIEWS: readonly RulesView[] = ["table", "text"];

interface Props {
  live: RuleFile | null;
  state: FlowState | null;
  saves: Autosave | null;
  mayEdit: boolean;
  mayPublish: boolean;
  /** Whether an approval can be asked for and given here. */
  mayReview: boolean;
  view: RulesView;
  onView: (view: RulesView) => void;
  onTry: () => void;
  onVersions: () => void;
  onPublish: () => void;
  onDrop: () => void;
}

export function RulesHeader(props: Props) {
  const t = useText();
  const name = useEditor((state) => state.picture.name);
  const entries = [
    { id: "versions", label: t("editor.versions"), icon: <History size={16} aria-hidden />, do: props.onVersions },
    ...(props.mayEdit
      ? [{ id: "drop", label: t("editor.drop_draft"), danger: true, apart: true, do: props.onDrop }]
      : []),
  ];
  return (
    <header className={bar.header}>
      <div className={bar.title}>
        <LinkButton look="plain" size="s" to="/rules">
          {t("editor.back")}
        </LinkButton>
        <h1>
          <bdi dir="auto">{name || props.live?.name}</bdi>
        </h1>
        {props.state && <FlowStateBadge state={props.state} />}
        {props.saves && <SaveState saves={props.saves} />}
      </div>
      <div className={bar.tools}>
        <ViewSwitch views={VIEWS} shown={props.view} label={(own) => t(`rules.view.${own}`)} onView={props.onView} />
        {props.mayEdit && <UndoRedo />}
        <Menu
          trigger={<IconButton label={t("editor.more_actions")} icon={<MoreHorizontal size={18} aria-hidden />} />}
          label={t("editor.more_actions")}
          entries={entries}
        />
        {props.mayEdit && (
          <span className={styles.only_narrow}>
            <IconButton
              label={t("rules.tab.try")}
              icon={<FlaskConical size={18} aria-hidden />}
              onPress={props.onTry}
            />
          </span>
        )}
        {(props.mayPublish || props.mayReview) && (
          <Button look="primary" onPress={props.onPublish}>
            {t(props.mayPublish ? "rules.save" : "editor.review.open")}
          </Button>
        )}
      </div>
    </header>
  );
}
