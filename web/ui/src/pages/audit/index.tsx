import { useInfiniteQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { Download, Info, ScrollText, ShieldCheck } from "lucide-react";
import { useState } from "react";
import { auditQuery, type Proof, verifyAudit } from "~/api/audit";
import { useCan } from "~/api/session";
import type { JournalRow, Told } from "~/api/types";
import { useText } from "~/i18n";
import { Banner } from "~/ui/banner";
import { Button, IconButton } from "~/ui/button";
import { Dialog } from "~/ui/dialog";
import { Did } from "~/ui/did";
import { Empty } from "~/ui/empty";
import { Checkbox, TextField } from "~/ui/field";
import { JsonView } from "~/ui/json";
import { Facts, Loaded, Page, Toolbar } from "~/ui/page";
import { By, Id } from "~/ui/person";
import { type Column, Table } from "~/ui/table";
import { Time } from "~/ui/time";
import { toastError } from "~/ui/toast";
import styles from "./audit.module.css";

/** Who did what, when; and whether anybody changed the log since. */
export function AuditPage() {
  const t = useText();
  const can = useCan();
  const navigate = useNavigate({ from: "/audit" });
  const search = useSearch({ from: "/shell/audit" });
  const [filter, setFilter] = useState(search);
  const [shown, setShown] = useState<JournalRow | null>(null);
  const read = useInfiniteQuery(auditQuery(search));
  const rows = read.data?.pages.flatMap((page) => page.rows);
  const columns: Column<JournalRow>[] = [
    { id: "at", name: t("audit.at"), width: "96px", cell: (row) => <Time at={row.at} as="short" /> },
    {
      id: "by",
      name: t("audit.by"),
      width: "minmax(110px, 1.2fr)",
      wide: true,
      cell: (row) => row.by && <By who={row.by} />,
    },
    {
      id: "what",
      name: t("audit.what"),
      width: "minmax(140px, 2fr)",
      cell: (row) => (
        <>
          <Did row={row} />
          <span className={styles.below}>
            {row.by && <By who={row.by} />}
            <Id id={row.subject ?? row.id} short />
          </span>
        </>
      ),
    },
    {
      id: "subject",
      name: t("audit.subject"),
      width: "minmax(120px, 1.2fr)",
      wide: true,
      cell: (row) => <Id id={row.subject ?? row.id} short />,
    },
    {
      id: "more",
      name: t("audit.details"),
      width: "40px",
      align: "end",
      quiet: true,
      cell: (row) => (
        <IconButton
          size="s"
          label={t("audit.details")}
          icon={<Info size={16} aria-hidden />}
          onPress={() => setShown(row)}
        />
      ),
    },
  ];
  const exportButton = can("log.export") && (
    <a href="/api/v1/audit/export" download="audit.jsonl" className={styles.export}>
      <Download size={16} aria-hidden />
      {t("audit.export")}
    </a>
  );
  return (
    <Page
      title={t("nav.audit")}
      about={t("audit.about")}
      actions={
        <>
          {exportButton}
          {can("log.prove") && <Verify />}
        </>
      }
    >
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void navigate({ search: { ...filter, people: search.people } });
        }}
      >
        <Toolbar>
          <TextField
            compact
            label={t("audit.by")}
            placeholder={t("audit.by")}
            value={filter.by ?? ""}
            onChange={(by) => setFilter({ ...filter, by: by || undefined })}
          />
          <TextField
            compact
            label={t("audit.subject")}
            placeholder={t("audit.subject")}
            value={filter.subject ?? ""}
            onChange={(subject) => setFilter({ ...filter, subject: subject || undefined })}
          />
          <Button type="submit">{t("audit.filter")}</Button>
          <Checkbox
            isSelected={search.people === "true"}
            onChange={(on) => void navigate({ search: { ...search, people: on ? "true" : undefined } })}
          >
            {t("audit.people")}
          </Checkbox>
        </Toolbar>
      </form>
      <Loaded read={{ ...read, data: rows }} lines={12}>
        {(found) => (
          <Table
            label={t("nav.audit")}
            columns={columns}
            rows={found}
            rowKey={(row) => `${row.id} ${row.seq}`}
            more={read.hasNextPage && !read.isFetchingNextPage ? () => void read.fetchNextPage() : null}
            empty={<Empty icon={ScrollText} title={t("audit.none")} text={t("audit.none_text")} />}
          />
        )}
      </Loaded>
      {shown && <Details row={shown} onClose={() => setShown(null)} />}
    </Page>
  );
}

/** What a record of a removal holds stands in its structure. */
const held = (what?: Told) => (what?.did === "removed" ? what : null);

function Details({ row, onClose }: { row: JournalRow; onClose: () => void }) {
  const t = useText();
  return (
    <Dialog title={t("audit.details")} shape="wide" isOpen onClose={onClose}>
      <Facts
        rows={[
          [t("audit.at"), <Time key="at" at={row.at} as="full" />],
          [t("audit.by"), row.by && <By key="by" who={row.by} />],
          [t("audit.subject"), <Id key="subject" id={row.subject ?? row.id} />],
        ]}
      />
      <h3>
        <Did row={row} />
      </h3>
      {row.erased && <Banner>{t("run.erased")}</Banner>}
      {row.entries.map((entry, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: entries of a row never change their order.
        <JsonView key={at} value={entry.data ?? held(entry.what)} label={t("audit.details")} />
      ))}
    </Dialog>
  );
}

function Verify() {
  const t = useText();
  const [proof, setProof] = useState<Proof | null>(null);
  const [busy, setBusy] = useState(false);
  const verify = async () => {
    setBusy(true);
    await verifyAudit().then(setProof, toastError);
    setBusy(false);
  };
  return (
    <>
      <Button look="primary" icon={<ShieldCheck size={16} aria-hidden />} isDisabled={busy} onPress={verify}>
        {t(busy ? "audit.verifying" : "audit.verify")}
      </Button>
      <Dialog title={t("audit.verify")} isOpen={proof !== null} onClose={() => setProof(null)}>
        {proof && (
          <>
            <Banner tone={proof.clean ? "good" : "bad"}>{t(proof.clean ? "audit.clean" : "audit.not_clean")}</Banner>
            <p>{t("audit.seen", { rows: proof.rows, blocks: proof.blocks })}</p>
            <ul>
              {proof.findings?.map((finding) => (
                <li key={finding} dir="auto">
                  {finding}
                </li>
              ))}
            </ul>
          </>
        )}
      </Dialog>
    </>
  );
}
