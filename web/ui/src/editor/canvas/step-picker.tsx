//! The list of steps to add, at the place where the step will be.

import { useQuery } from "@tanstack/react-query";
import { ClipboardPaste } from "lucide-react";
import { useMemo, useState } from "react";
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
import { catalogQuery } from "../api";
import { fitting, GROUPS, type NewStep, newSteps } from "../model/new-step";
import { copied } from "../state/copied";
import { StepIcon } from "./icons";
import styles from "./picker.module.css";

interface Props {
  anchor: Element | null;
  onClose: () => void;
  onPick: (step: NewStep) => void;
  onPaste: () => void;
}

export function StepPicker({ anchor, onClose, onPick, onPaste }: Props) {
  const t = useText();
  const abouts = useAbouts();
  const [search, setSearch] = useState("");
  const { data: catalog } = useQuery(catalogQuery);
  const all = useMemo(() => newSteps(catalog, t, abouts), [catalog, t, abouts]);
  const found = fitting(all, search);
  const place = useMemo(() => ({ current: anchor }), [anchor]);
  const pick = (key: React.Key) => {
    const step = all.find(({ id }) => id === key);
    onClose();
    setSearch("");
    if (step) onPick(step);
    else onPaste();
  };
  return (
    <Popover
      triggerRef={place}
      isOpen={anchor !== null}
      onOpenChange={(open) => !open && onClose()}
      className={styles.picker}
      placement="bottom"
      maxHeight={460}
    >
      <Dialog aria-label={t("editor.add_step")} className={styles.dialog}>
        <Autocomplete inputValue={search} onInputChange={setSearch}>
          <SearchField aria-label={t("editor.add_search")} autoFocus className={styles.search}>
            <Input placeholder={t("editor.add_search")} />
          </SearchField>
          <ListBox
            aria-label={t("editor.add_step")}
            className={styles.list}
            onAction={pick}
            renderEmptyState={() => <p className={styles.none}>{t("ui.nothing")}</p>}
          >
            {GROUPS.filter((group) => found.some((step) => step.group === group)).map((group) => (
              <ListBoxSection key={group} id={`group ${group}`} className={styles.group}>
                <Header className={styles.head}>{t(`editor.group.${group}`)}</Header>
                {found
                  .filter((step) => step.group === group)
                  .map((step) => (
                    <ListBoxItem key={step.id} id={step.id} textValue={step.title} className={styles.item}>
                      <span className={`${styles.icon} ${styles[step.family]}`}>
                        <StepIcon icon={step.icon} size={16} />
                      </span>
                      <Text slot="label">{step.title}</Text>
                    </ListBoxItem>
                  ))}
              </ListBoxSection>
            ))}
            {search === "" && copied() !== "" && (
              <ListBoxItem id="paste" textValue={t("editor.paste")} className={styles.item}>
                <span className={styles.icon}>
                  <ClipboardPaste size={16} aria-hidden />
                </span>
                <Text slot="label">{t("editor.paste")}</Text>
              </ListBoxItem>
            )}
          </ListBox>
        </Autocomplete>
      </Dialog>
    </Popover>
  );
}
