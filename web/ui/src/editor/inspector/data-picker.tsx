//! The list of data that can be inserted at a place, with values of the last run.

import { CircleCheck, CircleDashed } from "lucide-react";
import { useState } from "react";
import {
  Autocomplete,
  Dialog,
  Header,
  Input,
  ListBox,
  ListBoxItem,
  ListBoxSection,
  Popover,
  SearchField,
  Text,
} from "react-aria-components";
import { useText } from "~/i18n";
import { useAbouts } from "~/server/catalog";
import { nameInWords } from "../expression/words";
import styles from "./inspector.module.css";
import { grouped, useScope } from "./names";

interface Props {
  /** The place in the text the data is for. */
  path: string;
  anchor: { current: Element | null };
  isOpen: boolean;
  onClose: () => void;
  onPick: (name: string) => void;
}

/** Opens beside a field; typing narrows the list, Enter takes what is marked. */
export function DataPicker({ path, anchor, isOpen, onClose, onPick }: Props) {
  const t = useText();
  const abouts = useAbouts();
  const [search, setSearch] = useState("");
  const names = useScope(path, isOpen);
  const close = () => {
    setSearch("");
    onClose();
  };
  return (
    <Popover
      triggerRef={anchor}
      isOpen={isOpen}
      onOpenChange={(open) => !open && close()}
      className={styles.picker}
      placement="bottom start"
    >
      <Dialog aria-label={t("editor.data")} className={styles.picker_dialog}>
        <Autocomplete inputValue={search} onInputChange={setSearch}>
          <SearchField aria-label={t("editor.data_search")} autoFocus className={styles.picker_search}>
            <Input placeholder={t("editor.data_search")} />
          </SearchField>
          <ListBox
            aria-label={t("editor.data")}
            className={styles.picker_list}
            selectionMode="none"
            onAction={(key) => {
              onPick(String(key));
              close();
            }}
            renderEmptyState={() => <p className={styles.picker_none}>{t("editor.data_none")}</p>}
          >
            {grouped(names, search, (name) => nameInWords(name, t)).map(([from, group]) => (
              <ListBoxSection key={from} id={`from ${from}`}>
                <Header className={styles.picker_head}>{nameInWords(from, t)}</Header>
                {group.map((name) => (
                  <ListBoxItem key={name.name} id={name.name} textValue={name.name} className={styles.picker_item}>
                    {name.sure ? (
                      <CircleCheck size={14} className={styles.sure} aria-label={t("editor.data_sure")} />
                    ) : (
                      <CircleDashed size={14} className={styles.unsure} aria-label={t("editor.data_unsure")} />
                    )}
                    <span className={styles.picker_words}>
                      <Text slot="label">{nameInWords(name.name, t)}</Text>
                      <Text slot="description" className={styles.picker_sample}>
                        {name.sample !== undefined && name.sample !== null ? (
                          <bdi dir="auto">{sampleText(name.sample)}</bdi>
                        ) : (
                          abouts(name.note).replaceAll("`", "") || t(`editor.type.${name.type}`)
                        )}
                      </Text>
                    </span>
                  </ListBoxItem>
                ))}
              </ListBoxSection>
            ))}
          </ListBox>
        </Autocomplete>
        <p className={styles.picker_key}>
          <CircleCheck size={12} className={styles.sure} aria-hidden /> {t("editor.data_sure")}
          <CircleDashed size={12} className={styles.unsure} aria-hidden /> {t("editor.data_unsure")}
        </p>
      </Dialog>
    </Popover>
  );
}

function sampleText(sample: unknown): string {
  const text = typeof sample === "string" ? sample : JSON.stringify(sample);
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}
