//! The keys of the canvas.

import { useText } from "~/i18n";
import { Dialog } from "~/ui/dialog";
import styles from "./header.module.css";

const KEYS: [string, string][] = [
  ["↑ ↓", "walk"],
  ["← →", "aside"],
  ["Home End", "ends"],
  ["Enter", "open"],
  ["A", "add"],
  ["Shift A", "add_before"],
  ["Del", "delete"],
  ["Alt ↑ ↓", "move"],
  ["Shift ↑ ↓", "select"],
  ["Ctrl ↑ ↓ Space", "select_also"],
  ["Ctrl C X V D", "copy"],
  ["Ctrl Z", "undo"],
  ["Ctrl Shift Z", "redo"],
  ["Ctrl F", "search"],
  [".", "fold"],
  ["T", "test"],
  ["+ − 0 F", "zoom"],
  ["Esc", "back"],
];

export function Help({ onClose }: { onClose: () => void }) {
  const t = useText();
  return (
    <Dialog title={t("editor.keys")} isOpen onClose={onClose}>
      <dl className={styles.keys}>
        {KEYS.map(([keys, what]) => (
          <div key={what}>
            <dt dir="ltr">
              {keys.split(" ").map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dt>
            <dd>{t(`editor.key.${what}`)}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
