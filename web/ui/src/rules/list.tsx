//! The rules of a file from top to bottom, each as a sentence; moved by dragging, by keys and from a menu.

import {
  Copy,
  Eye,
  GripVertical,
  MoreHorizontal,
  MoveDown,
  MoveUp,
  Plus,
  Tags,
  Trash2,
  UsersRound,
} from "lucide-react";
import type { KeyboardEvent } from "react";
import { Button as AriaButton, GridList, GridListItem, useDragAndDrop } from "react-aria-components";
import type { Rule } from "~/api/types";
import { errorAt, useRefused } from "~/editor/inspector/field";
import { isOpen, say, undoEdit, useEditor, useEditorStore } from "~/editor/state/editor";
import { useText } from "~/i18n";
import { Button, IconButton } from "~/ui/button";
import { Empty } from "~/ui/empty";
import { Switch } from "~/ui/field";
import { Menu } from "~/ui/menu";
import { Badge } from "~/ui/status";
import { toast } from "~/ui/toast";
import type { TriedRule } from "./api";
import { addRule, duplicateRule, moveRule, removeRule, ruleFor, rulesNow, setFlag } from "./commands";
import { Effect } from "./effect";
import { Hits } from "./hits";
import { freeRuleId, type RuleView } from "./model";
import styles from "./rules.module.css";
import { ruleName, Sentence } from "./sentence";

interface Props {
  rules: RuleView[];
  /** What the server knows of the rules in force, by id. */
  known: ReadonlyMap<string, Rule>;
  tried: ReadonlyMap<string, TriedRule>;
  chosen: string | null;
  onChoose: (id: string | null) => void;
  /** Asks to apply a rule to those who are there already; nothing for whom that is not allowed. */
  onApply: ((rule: RuleView) => void) | null;
}

export function RuleList({ rules, known, tried, chosen, onChoose, onApply }: Props) {
  const t = useText();
  const store = useEditorStore();
  const refused = useRefused();
  const open = useEditor(isOpen);
  const move = (rule: RuleView, gap: number) => {
    if (!refused(moveRule(store, rule.index, gap))) return;
    const at = rulesNow(store).findIndex(({ id }) => id === rule.id);
    say(store, t("rules.moved", { rule: ruleName(rule), n: at + 1, all: rules.length }));
  };
  const byId = (key: unknown) => rules.find(({ id }) => id === key);
  const { dragAndDropHooks } = useDragAndDrop({
    isDisabled: !open,
    getItems: (keys) => [...keys].map((key) => ({ "text/plain": String(key) })),
    onReorder: ({ keys, target }) => {
      const [rule, other] = [byId([...keys][0]), byId(target.key)];
      if (rule && other) move(rule, target.dropPosition === "before" ? other.index : other.index + 1);
    },
  });
  const add = () => {
    const id = freeRuleId(
      "",
      rules.map((rule) => rule.id),
    );
    if (refused(addRule(store, rules.length, ruleFor(id, t("rules.new_word"), t)))) onChoose(id);
  };
  // Ordering by keys: where the focus is, Alt and an arrow move the rule.
  const keys = (event: KeyboardEvent) => {
    if (!event.altKey || (event.key !== "ArrowUp" && event.key !== "ArrowDown") || !open) return;
    const row = (event.target as Element).closest<HTMLElement>("[data-key]");
    const rule = byId(row?.dataset.key);
    if (!rule) return;
    event.preventDefault();
    event.stopPropagation();
    const gap = event.key === "ArrowUp" ? rule.index - 1 : rule.index + 2;
    if (gap >= 0 && gap <= rules.length) move(rule, gap);
  };
  return (
    <div className={styles.list_side}>
      <div onKeyDownCapture={keys} className={styles.list_box}>
        <GridList
          aria-label={t("rules.list")}
          aria-description={open ? t("rules.list_keys") : undefined}
          items={rules}
          // What a row shows comes from more than the rule itself.
          dependencies={[known, tried, open, rules, t]}
          selectionMode="single"
          selectionBehavior="replace"
          selectedKeys={chosen === null ? [] : [chosen]}
          onSelectionChange={(selected) => selected !== "all" && onChoose(String([...selected][0] ?? "") || null)}
          disallowEmptySelection
          dragAndDropHooks={dragAndDropHooks}
          className={styles.list}
          renderEmptyState={() => <Empty icon={Tags} title={t("rules.none")} text={t("rules.none_in_file")} />}
        >
          {(rule) => (
            <GridListItem id={rule.id} textValue={ruleName(rule)} className={styles.row}>
              {open && (
                <AriaButton slot="drag" className={styles.grip} aria-label={t("rules.drag", { rule: ruleName(rule) })}>
                  <GripVertical size={16} aria-hidden />
                </AriaButton>
              )}
              <RuleRow
                rule={rule}
                known={known.get(rule.id)}
                tried={tried.get(rule.id)}
                last={rule.index === rules.length - 1}
                onMove={move}
                onChoose={onChoose}
                onApply={onApply}
              />
            </GridListItem>
          )}
        </GridList>
      </div>
      {open && (
        <div className={styles.list_foot}>
          <Button icon={<Plus size={16} aria-hidden />} onPress={add}>
            {t("rules.add")}
          </Button>
          <span className={styles.quiet}>{t("rules.list_keys")}</span>
        </div>
      )}
    </div>
  );
}

interface RowProps {
  rule: RuleView;
  known: Rule | undefined;
  tried: TriedRule | undefined;
  last: boolean;
  onMove: (rule: RuleView, gap: number) => void;
  onChoose: (id: string | null) => void;
  onApply: ((rule: RuleView) => void) | null;
}

function RuleRow({ rule, known, tried, last, onMove, onChoose, onApply }: RowProps) {
  const t = useText();
  const store = useEditorStore();
  const refused = useRefused();
  const open = useEditor(isOpen);
  const error = errorAt(
    useEditor((state) => state.problems),
    rule.path,
  );
  const name = ruleName(rule);
  const remove = () => {
    if (!refused(removeRule(store, rule.index))) return;
    onChoose(null);
    const words = t("rules.removed", { rule: name });
    say(store, words);
    toast(words, () => undoEdit(store));
  };
  const entries = [
    {
      id: "up",
      label: t("rules.up"),
      icon: <MoveUp size={16} aria-hidden />,
      disabled: rule.index === 0,
      do: () => onMove(rule, rule.index - 1),
    },
    {
      id: "down",
      label: t("rules.down"),
      icon: <MoveDown size={16} aria-hidden />,
      disabled: last,
      do: () => onMove(rule, rule.index + 2),
    },
    {
      id: "copy",
      label: t("rules.duplicate"),
      icon: <Copy size={16} aria-hidden />,
      do: () => refused(duplicateRule(store, rule)),
    },
    ...(onApply && known && !known.watch
      ? [
          {
            id: "apply",
            label: t("rules.apply.open"),
            icon: <UsersRound size={16} aria-hidden />,
            apart: true,
            do: () => onApply(rule),
          },
        ]
      : []),
    {
      id: "remove",
      label: t("rules.remove"),
      icon: <Trash2 size={16} aria-hidden />,
      danger: true,
      apart: true,
      do: remove,
    },
  ];
  return (
    <>
      <span className={styles.number}>{rule.index + 1}</span>
      <div className={styles.words}>
        <span className={styles.row_head}>
          <bdi className={styles.name}>{name}</bdi>
          {rule.watch && (
            <Badge tone="idle" icon={Eye}>
              {t("rules.watch")}
            </Badge>
          )}
          {error && <Badge tone="bad">{t("rules.has_problem")}</Badge>}
          {tried && <Effect counts={tried.contacts} />}
        </span>
        <Sentence rule={rule} />
      </div>
      <div className={styles.row_end}>
        <Hits hits={known?.hits} watch={rule.watch} />
        {open && (
          <span className={styles.row_tools}>
            <Switch
              aria-label={t("rules.watch_rule", { rule: name })}
              isSelected={rule.watch}
              onChange={(on) => refused(setFlag(store, rule, "watch", on))}
            >
              <span className={styles.quiet}>{t("rules.watch")}</span>
            </Switch>
            <Menu
              trigger={
                <IconButton
                  size="s"
                  label={t("rules.more", { rule: name })}
                  icon={<MoreHorizontal size={16} aria-hidden />}
                />
              }
              label={t("rules.more", { rule: name })}
              entries={entries}
            />
          </span>
        )}
      </div>
    </>
  );
}
