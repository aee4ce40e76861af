import { X } from "lucide-react";
import { type FormEvent, useState } from "react";
import { changeTags } from "~/api/contacts";
import { queries } from "~/api/queries";
import { useCan } from "~/api/session";
import type { ContactDetail } from "~/api/types";
import { useText } from "~/i18n";
import { Button, IconButton } from "~/ui/button";
import { TextField } from "~/ui/field";
import { toast, toastError } from "~/ui/toast";
import styles from "./contacts.module.css";

/** Where a tag comes from, in words. */
const SOURCES = new Set(["rule", "flow", "person", "crm", "import"]);

/** Tags with their source; what a person takes off stays off until a person allows it again. */
export function TagEditor({ contact }: { contact: ContactDetail }) {
  const t = useText();
  const may = useCan()("contacts.change");
  const [name, setName] = useState("");
  const change = async (tags: Parameters<typeof changeTags>[1]) => {
    try {
      await changeTags(contact.id, tags);
      await queries.invalidateQueries({ queryKey: ["contact"] });
    } catch (error) {
      toastError(error);
    }
  };
  const remove = async (tag: string) => {
    await change({ remove: [tag] });
    toast(t("contacts.tag_removed", { tag }), () => void change({ add: [tag] }));
  };
  const add = (event: FormEvent) => {
    event.preventDefault();
    void change({ add: [name.trim()] });
    setName("");
  };
  return (
    <div className={styles.column}>
      <ul className={styles.tagList}>
        {contact.tags.map(({ tag, source, from }) => (
          <li key={`${tag} ${source} ${from}`}>
            <bdi className={styles.tag}>{tag}</bdi>
            <span className={styles.quiet}>
              {SOURCES.has(source) ? t(`source.${source}`) : source}
              {from && (
                <>
                  {" · "}
                  <bdi>{from}</bdi>
                </>
              )}
            </span>
            {may && (
              <IconButton
                size="s"
                label={t("contacts.take_off", { tag })}
                icon={<X size={14} aria-hidden />}
                onPress={() => remove(tag)}
              />
            )}
          </li>
        ))}
        {contact.tags_off.map((tag) => (
          <li key={tag}>
            <s className={styles.quiet}>
              <bdi>{tag}</bdi>
            </s>
            <span className={styles.quiet}>{t("contacts.kept_off")}</span>
            {may && (
              <Button size="s" look="plain" onPress={() => change({ allow: [tag] })}>
                {t("contacts.allow")}
              </Button>
            )}
          </li>
        ))}
      </ul>
      {may && (
        <form className={styles.add} onSubmit={add}>
          <TextField label={t("contacts.new_tag")} value={name} onChange={setName} />
          <Button type="submit" isDisabled={name.trim() === ""}>
            {t("ui.add")}
          </Button>
        </form>
      )}
    </div>
  );
}
