import { useQuery } from "@tanstack/react-query";
import { Pencil, Plus, TextQuote, Trash2 } from "lucide-react";
import { type FormEvent, useState } from "react";
import { removeSnippet, type Snippet, saveSnippet, snippetsQuery } from "~/api/inbox";
import { useText } from "~/i18n";
import { languageName } from "~/i18n/format";
import { LOCALES } from "~/i18n/locales";
import { Banner } from "~/ui/banner";
import { Button, IconButton } from "~/ui/button";
import { Dialog } from "~/ui/dialog";
import { Empty } from "~/ui/empty";
import { TextArea, TextField } from "~/ui/field";
import { explain, Loaded } from "~/ui/page";
import { Chip } from "~/ui/status";
import { type Column, Table } from "~/ui/table";
import { toast, toastError } from "~/ui/toast";
import styles from "./settings.module.css";
import { slug } from "./words";

const NEW: Snippet = { id: "", title: "", shortcut: "", texts: {} };

/** Ready answers, in the languages of the customers. */
export default function SnippetsTab() {
  const t = useText();
  const read = useQuery(snippetsQuery);
  const [editing, setEditing] = useState<Snippet | null>(null);
  const remove = (snippet: Snippet) =>
    void removeSnippet(snippet).then(
      () =>
        toast(
          t("snippets.removed", { title: snippet.title }),
          () => void saveSnippet({ ...snippet, revision: "0" }).catch(toastError),
        ),
      toastError,
    );
  const columns: Column<Snippet>[] = [
    {
      id: "shortcut",
      name: t("snippets.shortcut"),
      width: "minmax(90px, 0.8fr)",
      cell: ({ shortcut }) => <code dir="ltr">/{shortcut}</code>,
    },
    {
      id: "title",
      name: t("snippets.title"),
      width: "minmax(120px, 2fr)",
      cell: ({ title }) => <bdi className={styles.strong}>{title}</bdi>,
    },
    {
      id: "languages",
      name: t("teams.languages"),
      width: "minmax(120px, 2fr)",
      wide: true,
      cell: ({ texts }) => (
        <span className={styles.chips}>
          {Object.keys(texts).map((language) => (
            <Chip key={language}>{languageName(language)}</Chip>
          ))}
        </span>
      ),
    },
    {
      id: "do",
      name: t("ui.more"),
      width: "72px",
      quiet: true,
      cell: (snippet) => (
        <span className={styles.chips}>
          <IconButton
            size="s"
            label={t("teams.edit", { name: snippet.title })}
            icon={<Pencil size={16} aria-hidden />}
            onPress={() => setEditing(snippet)}
          />
          <IconButton
            size="s"
            label={t("snippets.remove", { title: snippet.title })}
            icon={<Trash2 size={16} aria-hidden />}
            onPress={() => remove(snippet)}
          />
        </span>
      ),
    },
  ];
  return (
    <div className={styles.form}>
      <div className={styles.bar}>
        <p className={styles.quiet}>{t("snippets.about")}</p>
        <Button look="primary" icon={<Plus size={16} aria-hidden />} onPress={() => setEditing(NEW)}>
          {t("snippets.new")}
        </Button>
      </div>
      <Loaded read={read}>
        {(snippets) => (
          <Table
            label={t("settings.snippets")}
            columns={columns}
            rows={snippets}
            rowKey={({ id }) => id}
            empty={<Empty icon={TextQuote} title={t("snippets.none")} text={t("snippets.about")} />}
          />
        )}
      </Loaded>
      {editing && <SnippetDialog snippet={editing} onClose={() => setEditing(null)} />}
    </div>
  );
}

function SnippetDialog({ snippet, onClose }: { snippet: Snippet; onClose: () => void }) {
  const t = useText();
  const [draft, setDraft] = useState(snippet);
  const [error, setError] = useState<unknown>(null);
  const put = (part: Partial<Snippet>) => setDraft((old) => ({ ...old, ...part }));
  const save = async (event: FormEvent) => {
    event.preventDefault();
    setError(null);
    try {
      await saveSnippet({ ...draft, id: draft.id || slug(draft.shortcut) || crypto.randomUUID().slice(0, 8) });
      toast(t("me.saved"));
      onClose();
    } catch (caught) {
      setError(caught);
    }
  };
  return (
    <Dialog title={snippet.title || t("snippets.new")} isOpen onClose={onClose}>
      <form className={styles.form} onSubmit={save}>
        {error !== null && (
          <Banner tone="bad" reveal>
            {explain(error, t("error.offline"))}
          </Banner>
        )}
        <TextField label={t("snippets.title")} isRequired value={draft.title} onChange={(title) => put({ title })} />
        <TextField
          label={t("snippets.shortcut")}
          hint={t("snippets.shortcut_hint")}
          isRequired
          pattern="[^\s/]+"
          value={draft.shortcut}
          onChange={(shortcut) => put({ shortcut })}
        />
        {Object.keys(LOCALES).map((language) => (
          <TextArea
            key={language}
            label={languageName(language)}
            rows={2}
            value={draft.texts[language] ?? ""}
            onChange={(text) => {
              const { [language]: _, ...rest } = draft.texts;
              put({ texts: text === "" ? rest : { ...rest, [language]: text } });
            }}
          />
        ))}
        <div>
          <Button type="submit" look="primary">
            {t("ui.save")}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
