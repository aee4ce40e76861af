import { useQuery } from "@tanstack/react-query";
import { Download } from "lucide-react";
import { useState } from "react";
import { exportAddress } from "~/api/imports";
import { segmentsQuery } from "~/api/segments";
import { useText } from "~/i18n";
import { Dialog } from "~/ui/dialog";
import { Pick } from "~/ui/pick";
import { Skeleton } from "~/ui/skeleton";
import styles from "./book.module.css";
import { useBookTexts } from "./texts";

/** Contacts as a file: of a segment, of a tag, or all. */
export default function ExportContacts({ tag, onClose }: { tag?: string; onClose: () => void }) {
  const ready = useBookTexts();
  return ready ? <Choose {...(tag ? { tag } : {})} onClose={onClose} /> : <Skeleton lines={3} />;
}

function Choose({ tag, onClose }: { tag?: string; onClose: () => void }) {
  const t = useText();
  const [segment, setSegment] = useState("");
  const segments = useQuery(segmentsQuery).data?.segments.filter(({ state }) => state === "live") ?? [];
  const which = { ...(segment ? { segment } : {}), ...(tag ? { tag } : {}) };
  const footer = (
    <a className={styles.download} href={exportAddress(which)} download="contacts.csv" onClick={onClose}>
      <Download size={16} aria-hidden />
      {t("book.download")}
    </a>
  );
  return (
    <Dialog title={t("book.export")} isOpen onClose={onClose} footer={footer}>
      <div className={styles.form}>
        <p>{tag ? t("book.export_tag", { tag }) : t("book.export_about")}</p>
        <Pick label={t("book.segment")} value={segment} onChange={setSegment}>
          <option value="">{t("book.everybody")}</option>
          {segments.map((one) => (
            <option key={one.flow} value={one.flow}>
              {one.name ?? one.flow}
            </option>
          ))}
        </Pick>
        <p className={styles.quiet}>{t("book.export_logged")}</p>
      </div>
    </Dialog>
  );
}
