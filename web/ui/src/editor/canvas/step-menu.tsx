//! What can be done with one step, as a menu: the way for those who do not drag.

import {
  ArrowDown,
  ArrowUp,
  ClipboardPaste,
  Copy,
  CopyPlus,
  FoldVertical,
  Group,
  Pencil,
  Plus,
  Scissors,
  Trash2,
  Workflow,
} from "lucide-react";
import { useMemo } from "react";
import { Menu, MenuItem, Popover, Separator } from "react-aria-components";
import { useText } from "~/i18n";
import popover from "~/ui/popover.module.css";
import { copied } from "../state/copied";
import { toggleCollapsed, useEditor, useEditorStore } from "../state/editor";
import type { Commands } from "./commands";

interface Props {
  target: { path: string; anchor: Element } | null;
  commands: Commands;
  onClose: () => void;
}

export function StepMenu({ target, commands, onClose }: Props) {
  const t = useText();
  const store = useEditorStore();
  const step = useEditor((state) => (target ? state.picture.steps.get(target.path) : undefined));
  const place = useMemo(() => ({ current: target?.anchor ?? null }), [target]);
  if (!target || !step) return null;
  const { anchor, path } = target;
  const entries = [
    { id: "edit", icon: Pencil, do: () => commands.open({ kind: "step", path }) },
    { id: "above", icon: Plus, do: () => commands.add({ list: step.list, index: step.index }, anchor) },
    { id: "below", icon: Plus, do: () => commands.add({ list: step.list, index: step.index + 1 }, anchor) },
    null,
    { id: "up", icon: ArrowUp, keys: "Alt+↑", do: () => commands.move(path, -1) },
    { id: "down", icon: ArrowDown, keys: "Alt+↓", do: () => commands.move(path, 1) },
    ...(step.lanes.length > 0
      ? [{ id: "fold", icon: FoldVertical, keys: ".", do: () => toggleCollapsed(store, path) }]
      : []),
    null,
    { id: "copy", icon: Copy, keys: "Ctrl+C", do: () => commands.copy(path) },
    { id: "cut", icon: Scissors, keys: "Ctrl+X", do: () => commands.cut(path) },
    ...(copied() === ""
      ? []
      : [{ id: "paste", icon: ClipboardPaste, keys: "Ctrl+V", do: () => commands.paste({ kind: "step", path }) }]),
    { id: "duplicate", icon: CopyPlus, keys: "Ctrl+D", do: () => commands.duplicate(path) },
    null,
    ...(["if", "parallel", "for_each"] as const).map((around) => ({
      id: `wrap_${around}`,
      icon: Group,
      do: () => commands.wrap(path, around),
    })),
    { id: "to_flow", icon: Workflow, do: () => commands.toFlow(path) },
    null,
    { id: "delete", icon: Trash2, keys: "Del", do: () => commands.remove(path) },
  ];
  const act = (key: React.Key) => {
    onClose();
    // The menu gives the focus back first.
    requestAnimationFrame(() => entries.find((entry) => entry?.id === key)?.do());
  };
  return (
    <Popover
      triggerRef={place}
      isOpen
      onOpenChange={(open) => !open && onClose()}
      className={popover.popover}
      placement="bottom end"
    >
      <Menu aria-label={t("editor.more", { step: "" })} className={popover.list} onAction={act} autoFocus="first">
        {entries.map((entry, at) =>
          entry ? (
            <MenuItem
              key={entry.id}
              id={entry.id}
              textValue={t(`editor.menu.${entry.id}`)}
              className={`${popover.item} ${entry.id === "delete" ? popover.danger : ""}`}
            >
              <entry.icon size={16} aria-hidden />
              <span className={popover.words}>{t(`editor.menu.${entry.id}`)}</span>
              {entry.keys && <kbd dir="ltr">{entry.keys}</kbd>}
            </MenuItem>
          ) : (
            // biome-ignore lint/suspicious/noArrayIndexKey: lines do not move.
            <Separator key={`line ${at}`} className={popover.line} />
          ),
        )}
      </Menu>
    </Popover>
  );
}
