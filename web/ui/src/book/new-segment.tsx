import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useId, useState } from "react";
import { tagsQuery } from "~/api/book";
import { createFlow, idOf } from "~/api/flows";
import { queries } from "~/api/queries";
import { useText } from "~/i18n";
import { Banner } from "~/ui/banner";
import { Button } from "~/ui/button";
import { Dialog } from "~/ui/dialog";
import { TextField } from "~/ui/field";
import { explain } from "~/ui/page";
import { Pick } from "~/ui/pick";
import styles from "./book.module.css";

/** A segment begins as a draft: those with one tag, or whom its condition will take. */
export default function NewSegment({ onClose }: { onClose: () => void }) {
  const t = useText();
  const navigate = useNavigate();
  const form = useId();
  const tags = useQuery(tagsQuery).data?.tags ?? [];
  const [name, setName] = useState("");
  const [tag, setTag] = useState("");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const create = async () => {
    setBusy(true);
    setError(null);
    try {
      const whom = tag ? `tags: [${JSON.stringify(tag)}]\n` : "";
      const text = `format: 1\nsegment: ${idOf(name, "segment")}\nname: ${JSON.stringify(name.trim())}\n${whom}`;
      const { id } = await createFlow({ text }, "segments");
      await queries.invalidateQueries({ queryKey: ["flows"] });
      await navigate({ to: "/contacts/segments/$id", params: { id } });
    } catch (caught) {
      setError(caught);
      setBusy(false);
    }
  };
  const footer = (
    <>
      <Button onPress={onClose}>{t("ui.cancel")}</Button>
      <Button type="submit" form={form} look="primary" isDisabled={busy || name.trim() === ""}>
        {t("book.segment_make")}
      </Button>
    </>
  );
  return (
    <Dialog title={t("book.segment_new")} isOpen onClose={onClose} footer={footer}>
      <form
        id={form}
        className={styles.form}
        onSubmit={(event) => {
          event.preventDefault();
          void create();
        }}
      >
        {error !== null && (
          <Banner tone="bad" reveal>
            {explain(error, t("error.offline"))}
          </Banner>
        )}
        <TextField
          label={t("contacts.name")}
          hint={t("book.segment_name_hint")}
          isRequired
          value={name}
          onChange={setName}
        />
        <Pick label={t("book.segment_tag")} value={tag} onChange={setTag}>
          <option value="">{t("book.segment_no_tag")}</option>
          {tags.map((one) => (
            <option key={one.tag} value={one.tag}>
              {one.tag}
            </option>
          ))}
        </Pick>
      </form>
    </Dialog>
  );
}
