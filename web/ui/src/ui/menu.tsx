import { Check } from "lucide-react";
import type { ReactElement, ReactNode } from "react";
import { Menu as AriaMenu, MenuItem, MenuTrigger, Popover, Separator } from "react-aria-components";
import styles from "./popover.module.css";

export interface MenuEntry {
  id: string;
  label: string;
  detail?: string;
  icon?: ReactNode;
  danger?: boolean;
  disabled?: boolean;
  selected?: boolean;
  /** A line above it. */
  apart?: boolean;
  do: () => void;
}

/** A button, `trigger`, that opens a list of things to do. */
export function Menu({ trigger, label, entries }: { trigger: ReactElement; label: string; entries: MenuEntry[] }) {
  const isChoice = entries.some((entry) => entry.selected !== undefined);
  return (
    <MenuTrigger>
      {trigger}
      <Popover className={styles.popover} placement="bottom end">
        <AriaMenu
          aria-label={label}
          className={styles.list}
          disabledKeys={entries.filter((entry) => entry.disabled).map((entry) => entry.id)}
          selectionMode={isChoice ? "single" : "none"}
          selectedKeys={entries.filter((entry) => entry.selected).map((entry) => entry.id)}
          onAction={(key) => entries.find((entry) => entry.id === key)?.do()}
        >
          {entries.flatMap((entry) => [
            entry.apart ? <Separator key={`${entry.id} line`} className={styles.line} /> : null,
            <MenuItem
              key={entry.id}
              id={entry.id}
              textValue={entry.label}
              className={`${styles.item} ${entry.danger ? styles.danger : ""}`}
            >
              {isChoice && <Check size={14} className={styles.tick} aria-hidden />}
              {entry.icon}
              <span className={styles.words}>
                <bdi>{entry.label}</bdi>
                {entry.detail && <bdi className={styles.detail}>{entry.detail}</bdi>}
              </span>
            </MenuItem>,
          ])}
        </AriaMenu>
      </Popover>
    </MenuTrigger>
  );
}
