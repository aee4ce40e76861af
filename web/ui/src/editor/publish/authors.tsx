//! Who wrote what is published: whoever puts the words of others in force should know.

import { useQuery } from "@tanstack/react-query";
import { useText } from "~/i18n";
import { People } from "~/ui/person";
import { Time } from "~/ui/time";
import type { DocumentKind } from "../api";
import { draftQuery } from "./draft";
import styles from "./publish.module.css";

export function Authors({ kind, id }: { kind: DocumentKind; id: string }) {
  const t = useText();
  const { data: draft } = useQuery(draftQuery(kind, id));
  if (!draft || draft.authors.length === 0) return null;
  return (
    <p className={styles.quiet}>
      {t("editor.publish.authors", { n: draft.authors.length })} <People who={draft.authors} />
      {draft.changed_at && (
        <>
          {" · "}
          <Time at={draft.changed_at} />
        </>
      )}
    </p>
  );
}
