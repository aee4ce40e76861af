import { useState } from "react";
import { FileTrigger } from "react-aria-components";
import { beginImport, type ImportAsked, importsQuery, lookAt, sendFile } from "~/api/imports";
import { queries } from "~/api/queries";
import type { ContactImport, ImportPreview } from "~/api/types";
import { useText } from "~/i18n";
import { number } from "~/i18n/format";
import { Banner } from "~/ui/banner";
import { Button } from "~/ui/button";
import { Dialog } from "~/ui/dialog";
import { Drop } from "~/ui/drop";
import { Checkbox, TextField } from "~/ui/field";
import { explain } from "~/ui/page";
import { Pick } from "~/ui/pick";
import { Skeleton } from "~/ui/skeleton";
import styles from "./book.module.css";
import { Columns } from "./columns";
import { PastImports, Progress } from "./past";
import { Refusals, Rows } from "./preview";
import { useBookTexts } from "./texts";

const ENCODINGS = ["utf-8", "utf-16le", "utf-16be", "windows-1251", "windows-1252"];
const SEPARATORS = [",", ";", "\t", "|"];

/** A file of contacts: first what it would do, then all of it. */
export default function ImportContacts({ onClose }: { onClose: () => void }) {
  const ready = useBookTexts();
  return ready ? <ImportDialog onClose={onClose} /> : <Skeleton lines={6} />;
}

function ImportDialog({ onClose }: { onClose: () => void }) {
  const t = useText();
  const work = useImport();
  const { looked, busy } = work;
  const noPhone = looked !== null && !looked.columns.some((column) => column.target === "phone");
  const footer = work.begun ? (
    <Button onPress={onClose}>{t("ui.close")}</Button>
  ) : (
    looked && (
      <>
        <Button onPress={work.forget}>{t("book.other_file")}</Button>
        <Button look="primary" isDisabled={busy || noPhone || looked.new + looked.changed === 0} onPress={work.begin}>
          {t("book.bring", { n: looked.rows - looked.refused })}
        </Button>
      </>
    )
  );
  return (
    <Dialog title={t("book.import")} isOpen onClose={onClose} shape="wide" footer={footer}>
      <div className={styles.form}>
        {work.error !== null && (
          <Banner tone="bad" reveal>
            {explain(work.error, t("error.offline"))}
          </Banner>
        )}
        {work.begun ? (
          <Progress id={work.begun.id} />
        ) : looked ? (
          <>
            {noPhone && <Banner tone="warn">{t("book.no_phone_column")}</Banner>}
            <Counts looked={looked} busy={busy} />
            <Columns looked={looked} onChange={(columns) => work.change({ columns })} />
            <Settings looked={looked} asked={work.asked} change={work.change} />
            <Rows looked={looked} />
            <Refusals list={looked.refusals} total={looked.refused} />
          </>
        ) : (
          <>
            <Choose take={work.take} sent={work.sent} />
            <PastImports />
          </>
        )}
      </div>
    </Dialog>
  );
}

/** What has become of the file so far, and what can be done with it. */
function useImport() {
  const [id, setId] = useState<string | null>(null);
  const [asked, setAsked] = useState<ImportAsked>({});
  const [looked, setLooked] = useState<ImportPreview | null>(null);
  const [begun, setBegun] = useState<ContactImport | null>(null);
  const [sent, setSent] = useState<number | null>(null);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const attempt = async (work: () => Promise<void>) => {
    setBusy(true);
    setError(null);
    await work().catch(setError);
    setBusy(false);
  };
  return {
    asked,
    looked,
    begun,
    sent,
    busy,
    error,
    take: (file: File) =>
      attempt(async () => {
        setSent(0);
        try {
          const opened = await sendFile(file, setSent);
          setId(opened);
          setLooked(await lookAt(opened, {}));
        } finally {
          setSent(null);
        }
      }),
    change: (part: ImportAsked) =>
      attempt(async () => {
        if (id === null) return;
        // Another reading has other columns: what was said of the old ones does not count.
        const { columns: _, ...others } = asked;
        const next = { ...(part.reading ? others : asked), ...part };
        setAsked(next);
        setLooked(await lookAt(id, next));
      }),
    begin: () =>
      attempt(async () => {
        if (id === null || looked === null) return;
        setBegun(await beginImport(id, { ...asked, columns: looked.columns.map((column) => column.target) }));
        await queries.invalidateQueries({ queryKey: importsQuery.queryKey });
      }),
    forget: () => {
      setId(null);
      setAsked({});
      setLooked(null);
      setError(null);
    },
  };
}

function Choose({ take, sent }: { take: (file: File) => void; sent: number | null }) {
  const t = useText();
  return (
    <>
      <p className={styles.quiet}>{t("book.import_about")}</p>
      <Drop
        label={t("book.drop")}
        onDrop={async (items) => {
          const item = items.find((one) => one.kind === "file");
          if (item) take(await item.getFile());
        }}
      >
        <FileTrigger
          acceptedFileTypes={[".csv", ".tsv", ".txt", "text/csv"]}
          onSelect={(list) => list?.[0] && take(list[0])}
        >
          <Button isDisabled={sent !== null}>{t("book.choose")}</Button>
        </FileTrigger>
        {sent === null ? t("book.drop") : <progress value={sent} aria-label={t("book.sending")} />}
      </Drop>
    </>
  );
}

function Counts({ looked, busy }: { looked: ImportPreview; busy: boolean }) {
  const t = useText();
  const counts: [string, number][] = [
    [t("book.new"), looked.new],
    [t("book.changed"), looked.changed],
    [t("book.same"), looked.same],
    [t("book.refused"), looked.refused],
  ];
  return (
    <section aria-busy={busy} aria-label={t("book.would")}>
      <dl className={styles.counts}>
        {counts.map(([name, count]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{number(count)}</dd>
          </div>
        ))}
      </dl>
      {looked.counted < looked.rows && (
        <p className={styles.quiet}>{t("book.counted", { n: looked.counted, rows: number(looked.rows) })}</p>
      )}
      {looked.kept_refusals > 0 && <Banner>{t("book.kept_refusals", { n: looked.kept_refusals })}</Banner>}
    </section>
  );
}

interface SettingsProps {
  looked: ImportPreview;
  asked: ImportAsked;
  change: (part: ImportAsked) => void;
}

function Settings({ looked, asked, change }: SettingsProps) {
  const t = useText();
  const [country, setCountry] = useState(looked.country ?? "");
  const reading = (part: { encoding?: string; separator?: string }) =>
    change({ reading: { encoding: looked.encoding, separator: looked.separator, ...part } });
  const settle = () => {
    const code = country.toUpperCase();
    setCountry(code);
    // Looking anew disables the button that may be taking this focus: only where something is new.
    if (code.length !== 1 && code !== (looked.country ?? "")) change({ country: code });
  };
  return (
    <div className={styles.settings}>
      <TextField
        label={t("book.country")}
        hint={t("book.country_hint")}
        value={country}
        maxLength={2}
        onChange={setCountry}
        onBlur={settle}
      />
      <Pick label={t("book.encoding")} value={looked.encoding} onChange={(encoding) => reading({ encoding })}>
        {ENCODINGS.map((encoding) => (
          <option key={encoding} value={encoding}>
            {encoding.toUpperCase()}
          </option>
        ))}
      </Pick>
      <Pick label={t("book.separator")} value={looked.separator} onChange={(separator) => reading({ separator })}>
        {SEPARATORS.map((separator) => (
          <option key={separator} value={separator}>
            {separator === "\t" ? t("book.tab") : separator}
          </option>
        ))}
      </Pick>
      <div className={styles.ways}>
        <Checkbox isSelected={asked.only_empty ?? false} onChange={(only_empty) => change({ only_empty })}>
          {t("book.only_empty")}
        </Checkbox>
        <Checkbox isSelected={asked.starts ?? false} onChange={(starts) => change({ starts })}>
          {t("book.starts")}
        </Checkbox>
      </div>
    </div>
  );
}
