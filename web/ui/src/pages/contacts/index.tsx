import { useInfiniteQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { BookUser, X } from "lucide-react";
import { lazy, Suspense, useEffect, useState } from "react";
import { contactsQuery } from "~/api/contacts";
import { useCan } from "~/api/session";
import { useText } from "~/i18n";
import { Button, LinkButton } from "~/ui/button";
import { Empty } from "~/ui/empty";
import { SearchField } from "~/ui/field";
import { Loaded, Page, Toolbar } from "~/ui/page";
import { Skeleton } from "~/ui/skeleton";
import { Table } from "~/ui/table";
import { Tabs } from "~/ui/tabs";
import { useSettled } from "~/ui/time";
import { contactColumns } from "./columns";
import styles from "./contacts.module.css";

const ImportContacts = lazy(() => import("~/book/import"));
const ExportContacts = lazy(() => import("~/book/export"));
const Duplicates = lazy(() => import("~/book/duplicates"));
const Segments = lazy(() => import("~/book/segments"));

/** Everybody who wrote, ordered or came from the CRM; and the segments they are in. */
export function ContactsPage() {
  const t = useText();
  const navigate = useNavigate({ from: "/contacts" });
  const { tab, tag } = useSearch({ from: "/shell/contacts" });
  const mayFlows = useCan()("flows.read");
  const segments = mayFlows && tab === "segments";
  const everybody = <Everybody />;
  const tabs = [
    { id: "contacts", label: t("nav.contacts"), content: everybody },
    {
      id: "segments",
      label: t("contacts.segments"),
      content: (
        <Suspense fallback={<Skeleton lines={8} />}>
          <Segments />
        </Suspense>
      ),
    },
  ];
  return (
    <Page title={t("nav.contacts")} about={t("contacts.about")} actions={segments ? null : <Book tag={tag} />}>
      {mayFlows ? (
        <Tabs
          label={t("nav.contacts")}
          tabs={tabs}
          selected={segments ? "segments" : "contacts"}
          onSelect={(next) => void navigate({ search: next === "segments" ? { tab: next } : {}, replace: true })}
        />
      ) : (
        everybody
      )}
    </Page>
  );
}

function Everybody() {
  const t = useText();
  const navigate = useNavigate({ from: "/contacts" });
  const { tab: _, ...search } = useSearch({ from: "/shell/contacts" });
  const [text, setText] = useState(search.text ?? "");
  const settled = useSettled(text);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the address follows the field, not the other way round.
  useEffect(() => {
    void navigate({ search: (old) => ({ ...old, text: settled || undefined }), replace: true });
  }, [settled]);
  const read = useInfiniteQuery(contactsQuery(search));
  const contacts = read.data?.pages.flatMap((page) => page.contacts);
  return (
    <div className={styles.everybody}>
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
            columns={contactColumns(t)}
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
    </div>
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
