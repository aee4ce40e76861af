//! The views of one document, of which one is shown.

import { ToggleButton, ToggleButtonGroup } from "react-aria-components";
import { useText } from "~/i18n";
import styles from "./header.module.css";

interface Props<View extends string> {
  views: readonly View[];
  shown: View;
  /** What a view is called. */
  label: (view: View) => string;
  onView: (view: View) => void;
}

export function ViewSwitch<View extends string>({ views, shown, label, onView }: Props<View>) {
  const t = useText();
  return (
    <ToggleButtonGroup
      aria-label={t("editor.view")}
      selectionMode="single"
      disallowEmptySelection
      selectedKeys={[shown]}
      onSelectionChange={(keys) => {
        const [next] = keys;
        if (next) onView(next as View);
      }}
      className={styles.views}
    >
      {views.map((view) => (
        <ToggleButton key={view} id={view} className={styles.view}>
          {label(view)}
        </ToggleButton>
      ))}
    </ToggleButtonGroup>
  );
}
