//! Finds steps by what their cards and texts say.

import { useMemo, useState } from "react";
import { Autocomplete, Input, ListBox, ListBoxItem, SearchField, Text } from "react-aria-components";
import { useText } from "~/i18n";
import { Dialog } from "~/ui/dialog";
import { StepIcon } from "../canvas/icons";
import { cardOf } from "../model/cards";
import { goTo, useEditor, useEditorStore } from "../state/editor";
import styles from "./header.module.css";

export function SearchDialog({ onClose }: { onClose: () => void }) {
  const t = useText();
  const store = useEditorStore();
  const picture = useEditor((state) => state.picture);
  const [search, setSearch] = useState("");
  const all = useMemo(
    () =>
      [...picture.steps.values()].map((step) => {
        const own = Object.entries(step.data).filter(
          ([key]) => !step.lanes.some(({ path }) => path.startsWith(`${step.path}/${key}`)),
        );
        return { step, card: cardOf(step, t), text: JSON.stringify(Object.fromEntries(own)).toLowerCase() };
      }),
    [picture, t],
  );
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  const found = all.filter(({ card, text }) =>
    words.every((word) => text.includes(word) || `${card.title} ${card.detail}`.toLowerCase().includes(word)),
  );
  return (
    <Dialog title={t("editor.search")} isOpen onClose={onClose}>
      <Autocomplete inputValue={search} onInputChange={setSearch}>
        <SearchField aria-label={t("editor.search")} autoFocus className={styles.search}>
          <Input placeholder={t("editor.search_hint")} />
        </SearchField>
        <ListBox
          aria-label={t("editor.search")}
          className={styles.found}
          onAction={(key) => {
            onClose();
            goTo(store, { kind: "step", path: String(key) });
          }}
          renderEmptyState={() => <p>{t("ui.nothing")}</p>}
        >
          {found.map(({ step, card }) => (
            <ListBoxItem key={step.path} id={step.path} textValue={card.title} className={styles.hit}>
              <StepIcon icon={card.icon} size={16} />
              <Text slot="label">
                <bdi>{card.title}</bdi>
              </Text>
              <Text slot="description" className={styles.hit_detail}>
                <bdi>{card.detail}</bdi>
              </Text>
            </ListBoxItem>
          ))}
        </ListBox>
      </Autocomplete>
    </Dialog>
  );
}
