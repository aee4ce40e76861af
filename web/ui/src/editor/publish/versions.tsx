//! The versions of a flow: what each changed, and the way back.

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useText } from "~/i18n";
import { Button } from "~/ui/button";
import { Confirm, Dialog } from "~/ui/dialog";
import { By, People } from "~/ui/person";
import { Skeleton } from "~/ui/skeleton";
import { Badge } from "~/ui/status";
import { Time } from "~/ui/time";
import { toast, toastError } from "~/ui/toast";
import { type DocumentKind, rollBack, type Version, versions, versionText } from "../api";
import { isOpen, setText, undoEdit, useEditor, useEditorStore } from "../state/editor";
import { Changes } from "./changes";
import styles from "./publish.module.css";

export function Versions({
  kind,
  id,
  mayPublish,
  onClose,
}: {
  kind: DocumentKind;
  id: string;
  mayPublish: boolean;
  onClose: () => void;
}) {
  const t = useText();
  const { data, error } = useQuery({ queryKey: ["versions", kind, id], queryFn: () => versions(kind, id) });
  const [chosen, setChosen] = useState<string | null>(null);
  const version = data?.versions.find((own) => own.version === chosen) ?? data?.versions[0];
  return (
    <Dialog title={t("editor.versions")} shape="wide" isOpen onClose={onClose}>
      {error && <p className={styles.quiet}>{error.message}</p>}
      {!data && !error && <Skeleton />}
      {data && data.versions.length === 0 && <p className={styles.quiet}>{t("editor.versions.none")}</p>}
      {version && data && (
        <div className={styles.versions}>
          <ul className={styles.version_list}>
            {data.versions.map((own) => (
              <li key={own.version}>
                <button
                  type="button"
                  className={styles.version}
                  aria-current={own.version === version.version}
                  onClick={() => setChosen(own.version)}
                >
                  <span className={styles.version_head}>
                    <strong>{t("editor.version", { version: own.number })}</strong>
                    {own.state === "live" && <Badge tone="good">{t("flow.live")}</Badge>}
                    <Time at={own.published_at} />
                  </span>
                  <span className={styles.quiet}>
                    {own.by && <By who={own.by} />} {own.comment && <bdi dir="auto">· {own.comment}</bdi>}
                  </span>
                  {wroteOthers(own) && (
                    <span className={styles.quiet}>
                      {t("editor.versions.authors", { n: own.authors.length })} <People who={own.authors} />
                    </span>
                  )}
                </button>
              </li>
            ))}
          </ul>
          <OneVersion
            key={version.version}
            kind={kind}
            id={id}
            version={version}
            mayPublish={mayPublish}
            onClose={onClose}
          />
        </div>
      )}
    </Dialog>
  );
}

/** Whether somebody else than its publisher wrote a version. */
const wroteOthers = ({ by, authors }: Version) => authors.length > 1 || (authors.length === 1 && authors[0] !== by);

function OneVersion({
  kind,
  id,
  version,
  mayPublish,
  onClose,
}: {
  kind: DocumentKind;
  id: string;
  version: Version;
  mayPublish: boolean;
  onClose: () => void;
}) {
  const t = useText();
  const store = useEditorStore();
  const client = useQueryClient();
  const text = useEditor((state) => state.source.text);
  const open = useEditor((state) => isOpen(state) || state.broken !== null);
  const [asking, setAsking] = useState(false);
  const { data } = useQuery({
    queryKey: ["version", kind, id, version.version],
    queryFn: () => versionText(kind, id, version.version),
    staleTime: Number.POSITIVE_INFINITY,
  });
  const back = useMutation({
    mutationFn: () =>
      rollBack(kind, id, version.version, t("editor.versions.rolled_back", { version: version.number })),
    onSuccess: () => {
      for (const key of ["versions", "flows", "draft"]) void client.invalidateQueries({ queryKey: [key] });
      toast(t("editor.versions.rolled_back", { version: version.number }));
      onClose();
    },
    onError: toastError,
  });
  const restore = () => {
    if (!data) return;
    setText(store, data.text, null);
    toast(t("editor.versions.restored", { version: version.number }), () => undoEdit(store));
    onClose();
  };
  return (
    <section className={styles.version_body} aria-label={t("editor.version", { version: version.number })}>
      <div className={styles.version_tools}>
        {open && (
          <Button size="s" isDisabled={!data} onPress={restore}>
            {t("editor.versions.restore")}
          </Button>
        )}
        {mayPublish && version.state !== "live" && (
          <Button size="s" onPress={() => setAsking(true)}>
            {t("editor.versions.roll_back")}
          </Button>
        )}
      </div>
      {data ? <Changes before={data.text} now={text} /> : <Skeleton />}
      <Confirm
        title={t("editor.versions.roll_back")}
        text={t("editor.versions.roll_back_text", { version: version.number })}
        action={t("editor.versions.roll_back")}
        isOpen={asking}
        onClose={() => setAsking(false)}
        onConfirm={() => back.mutateAsync()}
      />
    </section>
  );
}
