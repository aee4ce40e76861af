import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Pencil, Tag as TagIcon } from "lucide-react";
import { useState } from "react";
import { tagsQuery } from "~/api/book";
import { useCan } from "~/api/session";
import type { TagList, TagMeaning } from "~/api/types";
import { useText } from "~/i18n";
import { number } from "~/i18n/format";
import { Banner } from "~/ui/banner";
import { IconButton } from "~/ui/button";
import { Empty } from "~/ui/empty";
import { SearchField } from "~/ui/field";
import { Loaded, Toolbar } from "~/ui/page";
import { Skeleton } from "~/ui/skeleton";
import { Badge } from "~/ui/status";
import { type Column, Table } from "~/ui/table";
import styles from "./dictionary.module.css";
import { TagDialog } from "./tag";
import { useBookTexts } from "./texts";

/** The tags there are, in groups, with what each means. */
export default function Dictionary() {
  const ready = useBookTexts();
  const read = useQuery(tagsQuery);
  if (!ready) return <Skeleton lines={8} />;
  return <Loaded read={read}>{(found) => <Tags found={found} />}</Loaded>;
}

function Tags({ found }: { found: TagList }) {
  const t = useText();
  const may = useCan()("contacts.manage");
  const [text, setText] = useState("");
  const [edited, setEdited] = useState<string | null>(null);
  const wanted = text.trim().toLowerCase();
  const fits = (tag: TagMeaning) => `${tag.tag} ${tag.group} ${tag.meaning}`.toLowerCase().includes(wanted);
  const rows = found.tags.filter(fits).sort((a, b) => a.group.localeCompare(b.group) || a.tag.localeCompare(b.tag));
  const open = found.tags.find(({ tag }) => tag === edited);
  const going = found.renamings.filter((one) => one.ended_at === null);
  const columns: Column<TagMeaning>[] = [
    {
      id: "tag",
      name: t("book.tag"),
      width: "minmax(130px, 1.4fr)",
      cell: (row) => (
        <Link to="/contacts" search={{ tag: row.tag }}>
          <Coloured tag={row.tag} colour={row.colour} />
        </Link>
      ),
    },
    { id: "group", name: t("book.group"), width: "minmax(90px, 1fr)", cell: (row) => <bdi>{row.group}</bdi> },
    {
      id: "meaning",
      name: t("book.meaning"),
      width: "minmax(140px, 3fr)",
      wide: true,
      cell: (row) =>
        row.written ? <bdi title={row.meaning}>{row.meaning}</bdi> : <Badge tone="idle">{t("book.unwritten")}</Badge>,
    },
    { id: "crm", name: t("book.crm_field"), width: "minmax(90px, 1fr)", wide: true, cell: (row) => row.crm_field },
    { id: "contacts", name: t("book.holders"), width: "88px", align: "end", cell: (row) => number(row.contacts) },
    {
      id: "edit",
      name: t("book.edit"),
      quiet: true,
      width: "48px",
      cell: (row) =>
        may && (
          <IconButton
            size="s"
            label={t("book.edit_tag", { tag: row.tag })}
            icon={<Pencil size={14} aria-hidden />}
            onPress={() => setEdited(row.tag)}
          />
        ),
    },
  ];
  return (
    <div className={styles.list}>
      <Toolbar>
        <SearchField label={t("book.find_tag")} value={text} onChange={setText} />
      </Toolbar>
      {going.map((one) => (
        <Banner key={one.id}>
          {t("book.renaming", { from: one.from, to: one.to, done: number(one.done), total: number(one.total) })}
        </Banner>
      ))}
      <Table
        label={t("book.tags")}
        columns={columns}
        rows={rows}
        rowKey={(row) => row.tag}
        empty={<Empty icon={TagIcon} title={t("book.no_tags")} text={t("book.no_tags_text")} />}
      />
      {open && (
        <TagDialog
          key={open.tag}
          tag={open}
          groups={[...new Set(found.tags.map(({ group }) => group).filter(Boolean))]}
          names={found.tags.map(({ tag }) => tag)}
          onClose={() => setEdited(null)}
        />
      )}
    </div>
  );
}

/** A tag with its colour beside it. */
function Coloured({ tag, colour }: { tag: string; colour: string }) {
  return (
    <span className={styles.coloured}>
      {colour && <span className={styles.dot} data-colour={colour} aria-hidden />}
      <bdi>{tag}</bdi>
    </span>
  );
}
