import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { defineTag, forgetTag, previewRename, renameTag, tagsQuery } from "~/api/book";
import { queries } from "~/api/queries";
import type { TagMeaning, TagRenamed } from "~/api/types";
import { useText } from "~/i18n";
import { Banner } from "~/ui/banner";
import { Button } from "~/ui/button";
import { Dialog } from "~/ui/dialog";
import { Checkbox, TextArea, TextField } from "~/ui/field";
import { Pick } from "~/ui/pick";
import { ComboBox } from "~/ui/select";
import { toast, toastError } from "~/ui/toast";
import styles from "./book.module.css";

const COLOURS = ["gray", "red", "orange", "yellow", "green", "teal", "blue", "purple", "pink"];

interface Props {
  tag: TagMeaning;
  groups: string[];
  names: string[];
  onClose: () => void;
}

/** What a tag means, and another name for it. */
export function TagDialog({ tag, groups, names, onClose }: Props) {
  const t = useText();
  const [told, setTold] = useState({
    group: tag.group,
    meaning: tag.meaning,
    colour: tag.colour,
    crm_field: tag.crm_field,
  });
  const put = (part: Partial<typeof told>) => setTold({ ...told, ...part });
  const attempt = async (work: () => Promise<unknown>) => {
    try {
      await work();
      await queries.invalidateQueries({ queryKey: tagsQuery.queryKey });
      onClose();
    } catch (error) {
      toastError(error);
    }
  };
  const footer = (
    <>
      {tag.written && <Button onPress={() => attempt(() => forgetTag(tag.tag))}>{t("book.forget_tag")}</Button>}
      <Button look="primary" onPress={() => attempt(() => defineTag(tag.tag, told))}>
        {t("ui.save")}
      </Button>
    </>
  );
  return (
    <Dialog title={tag.tag} isOpen onClose={onClose} footer={footer}>
      <div className={styles.form}>
        <ComboBox
          label={t("book.group")}
          choices={groups.map((id) => ({ id, label: id }))}
          value={told.group}
          onChange={(group) => put({ group })}
          allowsCustom
        />
        <TextArea
          label={t("book.meaning")}
          hint={t("book.meaning_hint")}
          value={told.meaning}
          onChange={(meaning) => put({ meaning })}
        />
        <Pick label={t("book.colour")} value={told.colour} onChange={(colour) => put({ colour })}>
          <option value="">{t("book.no_colour")}</option>
          {COLOURS.map((colour) => (
            <option key={colour} value={colour}>
              {t(`book.colour.${colour}`)}
            </option>
          ))}
        </Pick>
        <TextField
          label={t("book.crm_field")}
          hint={t("book.crm_field_hint")}
          mono
          value={told.crm_field}
          onChange={(crm_field) => put({ crm_field })}
        />
        <Rename tag={tag.tag} names={names} onDone={onClose} />
      </div>
    </Dialog>
  );
}

/** Another name: first who and what names it, then all of it. */
function Rename({ tag, names, onDone }: { tag: string; names: string[]; onDone: () => void }) {
  const t = useText();
  const [to, setTo] = useState("");
  const [plan, setPlan] = useState<TagRenamed | null>(null);
  const [documents, setDocuments] = useState<ReadonlySet<string>>(new Set());
  const look = async () => {
    try {
      const found = await previewRename(tag, to.trim());
      setPlan(found);
      setDocuments(new Set(found.documents.filter(({ editable }) => editable).map(({ id }) => id)));
    } catch (error) {
      toastError(error);
    }
  };
  const go = async () => {
    try {
      await renameTag(tag, to.trim(), [...documents]);
      await queries.invalidateQueries({ queryKey: tagsQuery.queryKey });
      toast(t("book.renames", { tag, to: to.trim() }));
      onDone();
    } catch (error) {
      toastError(error);
    }
  };
  const flip = (id: string, on: boolean) => {
    const next = new Set(documents);
    if (on) next.add(id);
    else next.delete(id);
    setDocuments(next);
  };
  return (
    <details className={styles.refusals}>
      <summary>{t("book.rename")}</summary>
      <div className={styles.form}>
        <p className={styles.quiet}>{t("book.rename_about")}</p>
        <ComboBox
          label={t("book.new_name")}
          choices={names.filter((name) => name !== tag).map((id) => ({ id, label: id }))}
          value={null}
          onChange={(name) => {
            setTo(name);
            setPlan(null);
          }}
          allowsCustom
        />
        {plan && (
          <>
            <p>{t("book.rewritten_on", { n: plan.contacts })}</p>
            {plan.merges && <Banner tone="warn">{t("book.become_one", { tag, to })}</Banner>}
            {plan.documents.map((one) => (
              <div key={one.id}>
                {one.editable ? (
                  <Checkbox isSelected={documents.has(one.id)} onChange={(on) => flip(one.id, on)}>
                    {t("book.draft_of", { id: one.id })}
                  </Checkbox>
                ) : (
                  <p>
                    {t("book.by_hand")} <Link {...address(one.kind, one.id)}>{one.id}</Link>
                  </p>
                )}
                <ul className={styles.lines} dir="ltr">
                  {one.lines.map((line) => (
                    <li key={line.line}>
                      <del>{line.before}</del> <ins>{line.after}</ins>
                    </li>
                  ))}
                </ul>
              </div>
            ))}
          </>
        )}
        <div>
          {plan ? (
            <Button look="danger" onPress={go}>
              {t(plan.merges ? "book.rename_merge" : "book.rename_go")}
            </Button>
          ) : (
            <Button isDisabled={to.trim() === "" || to.trim() === tag} onPress={look}>
              {t("book.rename_look")}
            </Button>
          )}
        </div>
      </div>
    </details>
  );
}

function address(kind: string, id: string) {
  if (kind === "rules") return { to: "/rules/$id", params: { id } } as const;
  if (kind === "segment") return { to: "/contacts/segments/$id", params: { id } } as const;
  return { to: "/flows/$id", params: { id } } as const;
}
