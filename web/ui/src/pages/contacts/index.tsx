import { useInfiniteQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { BookUser, X } from "lucide-react";
import { lazy, Suspense, useEffect, useState } from "react";
import { contactsQuery } from "~/api/contacts";
import { useCan } from "~/api/session";
import type { Contact } from "~/api/types";
import { useText } from "~/i18n";
import { languageName } from "~/i18n/format";
import { Button, LinkButton } from "~/ui/button";
import { Empty } from "~/ui/empty";
import { SearchField } from "~/ui/field";
import { Loaded, Page, Toolbar } from "~/ui/page";
import { PersonName, Phone } from "~/ui/person";
import { Chip } from "~/ui/status";
import { type Column, Table } from "~/ui/table";
import { Time, useSettled } from "~/ui/time";
import styles from "./contacts.module.css";

const ImportContacts = lazy(() => import("~/book/import"));
const ExportContacts = lazy(() => import("~/book/export"));
const Duplicates = lazy(() => import("~/book/duplicates"));

/** Everybody who wrote, ordered or came from the CRM. */
export function ContactsPage() {
  const t = useText();
  const navigate = useNavigate({ from: "/contacts" });
  const search = useSearch({ from: "/shell/contacts" });
  const [text, setText] = useState(search.text ?? "");
  const settled = useSettled(text);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the address follows the field, not the other way round.
  useEffect(() => {
    void navigate({ search: (old) => ({ ...old, text: settled || undefined }), replace: true });
  }, [settled]);
  const read = useInfiniteQuery(contactsQuery(search));
  const contacts = read.data?.pages.flatMap((page) => page.contacts);
  const columns: Column<Contact>[] = [
    {
      id: "name",
      name: t("contacts.name"),
      width: "minmax(140px, 2fr)",
      cell: (contact) => (
        <Link to="/contacts/$who" params={{ who: contact.id }}>
          <PersonName name={contact.name} phone={contact.phone} />
        </Link>
      ),
    },
    {
      id: "phone",
      name: t("contacts.phone"),
      width: "minmax(142px, 1.2fr)",
      cell: (contact) => contact.phone && <Phone number={contact.phone} />,
    },
    {
      id: "tags",
      name: t("contacts.tags"),
      width: "minmax(120px, 2fr)",
      wide: true,
      cell: (contact) => <Tags contact={contact} />,
    },
    {
      id: "language",
      name: t("shell.language"),
      width: "minmax(90px, 1fr)",
      wide: true,
      cell: (contact) => contact.language && languageName(contact.language),
    },
    {
      id: "seen",
      name: t("contacts.seen"),
      width: "minmax(96px, 1fr)",
      wide: true,
      cell: (contact) => <Time at={contact.last_interaction_at} />,
    },
  ];
  return (
    <Page title={t("nav.contacts")} about={t("contacts.about")} actions={<Book tag={search.tag} />}>
      <Toolbar>
        <SearchField label={t("contacts.find")} value={text} onChange={setText} />
        {search.tag && (
          <Button
            size="s"
            icon={<X size={14} aria-hidden />}
            onPress={() => void navigate({ search: ({ tag: _, ...rest }) => rest })}
          >
            {t("contacts.tagged", { tag: search.tag })}
          </Button>
        )}
      </Toolbar>
      <Loaded read={{ ...read, data: contacts }} lines={12}>
        {(found) => (
          <Table
            label={t("nav.contacts")}
            columns={columns}
            rows={found}
            rowKey={(contact) => contact.id}
            href={(contact) => `/contacts/${encodeURIComponent(contact.id)}`}
            more={read.hasNextPage && !read.isFetchingNextPage ? () => void read.fetchNextPage() : null}
            empty={
              Object.keys(search).length > 0 ? (
                <Empty icon={BookUser} title={t("ui.nothing")} text={t("contacts.none_fit")} />
              ) : (
                <Empty icon={BookUser} title={t("contacts.none")} text={t("contacts.none_text")}>
                  <LinkButton to="/connections">{t("tour.connect_do")}</LinkButton>
                </Empty>
              )
            }
          />
        )}
      </Loaded>
    </Page>
  );
}

/** What is done with contacts as a whole. */
function Book({ tag }: { tag: string | undefined }) {
  const t = useText();
  const may = useCan()("contacts.manage");
  const [open, setOpen] = useState<"import" | "export" | "duplicates" | null>(null);
  const close = () => setOpen(null);
  if (!may) return null;
  return (
    <>
      <Button onPress={() => setOpen("duplicates")}>{t("contacts.duplicates")}</Button>
      <Button onPress={() => setOpen("import")}>{t("contacts.import")}</Button>
      <Button onPress={() => setOpen("export")}>{t("contacts.export")}</Button>
      <Suspense fallback={null}>
        {open === "import" && <ImportContacts onClose={close} />}
        {open === "duplicates" && <Duplicates onClose={close} />}
        {open === "export" && <ExportContacts {...(tag ? { tag } : {})} onClose={close} />}
      </Suspense>
    </>
  );
}

function Tags({ contact }: { contact: Contact }) {
  return (
    <span className={styles.tags}>
      {[...new Set(contact.tags.map(({ tag }) => tag))].map((tag) => (
        <Chip key={tag}>
          <bdi>{tag}</bdi>
        </Chip>
      ))}
    </span>
  );
}
