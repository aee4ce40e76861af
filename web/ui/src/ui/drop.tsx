import type { ReactNode } from "react";
import { type DropItem, DropZone } from "react-aria-components";
import styles from "./drop.module.css";

interface Props {
  label: string;
  onDrop: (items: DropItem[]) => void;
  children: ReactNode;
}

/** Where files are dropped, beside the button that chooses them. */
export function Drop({ label, onDrop, children }: Props) {
  return (
    <DropZone className={styles.drop} aria-label={label} onDrop={({ items }) => onDrop(items)}>
      {children}
    </DropZone>
  );
}
