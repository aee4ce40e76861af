import { useNavigate } from "@tanstack/react-router";
import { lazy, Suspense, useEffect, useRef, useState } from "react";
import { createFlow, idOf } from "~/api/flows";
import { queries } from "~/api/queries";
import { useText } from "~/i18n";
import { Banner } from "~/ui/banner";
import { Button } from "~/ui/button";
import { Dialog } from "~/ui/dialog";
import { SearchField, TextField } from "~/ui/field";
import { explain } from "~/ui/page";
import { Skeleton } from "~/ui/skeleton";
import { Tabs } from "~/ui/tabs";
import styles from "./flows.module.css";
import { withImportTexts } from "./import/texts";
import { LibraryCards } from "./library";

const Import = lazy(() => withImportTexts(import("./import")).then(({ Import }) => ({ default: Import })));

/** A new flow: from one that ships, from nothing, or from YAML. */
export function NewFlowDialog({ onClose }: { onClose: () => void }) {
  const t = useText();
  return (
    <Dialog title={t("flows.new")} shape="wide" isOpen onClose={onClose}>
      <Tabs
        label={t("flows.new")}
        tabs={[
          { id: "ready", label: t("nav.templates"), content: <Ready /> },
          { id: "blank", label: t("new.blank"), content: <Blank /> },
          {
            id: "import",
            label: t("new.import"),
            content: (
              <Suspense fallback={<Skeleton lines={4} />}>
                <Import onDone={onClose} />
              </Suspense>
            ),
          },
        ]}
      />
    </Dialog>
  );
}

function Ready() {
  const t = useText();
  const [text, setText] = useState("");
  return (
    <div className={styles.form}>
      <SearchField label={t("ui.search")} value={text} onChange={setText} />
      <LibraryCards text={text} />
    </div>
  );
}

function Blank() {
  const t = useText();
  const navigate = useNavigate();
  const [name, setName] = useState("");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const form = useRef<HTMLFormElement>(null);
  // Whoever goes from tab to tab by the arrow keys stays there.
  useEffect(() => {
    const frame = requestAnimationFrame(() => {
      if (!document.activeElement?.matches(":focus-visible")) form.current?.querySelector("input")?.focus();
    });
    return () => cancelAnimationFrame(frame);
  }, []);
  const create = async () => {
    setBusy(true);
    setError(null);
    try {
      const text = `format: 1\nflow: ${idOf(name)}\nname: ${JSON.stringify(name)}\non:\n  - whatsapp.message_received\nsteps: []\n`;
      const { id } = await createFlow({ text });
      await queries.invalidateQueries({ queryKey: ["flows"] });
      await navigate({ to: "/flows/$id", params: { id } });
    } catch (caught) {
      setError(caught);
      setBusy(false);
    }
  };
  return (
    <form
      ref={form}
      className={styles.form}
      onSubmit={(event) => {
        event.preventDefault();
        void create();
      }}
    >
      {error !== null && <Banner tone="bad">{explain(error, t("error.offline"))}</Banner>}
      <TextField label={t("new.name")} hint={t("new.name_hint")} isRequired value={name} onChange={setName} />
      <div className={styles.buttons}>
        <Button type="submit" look="primary" isDisabled={busy || name.trim() === ""}>
          {t("new.create")}
        </Button>
      </div>
    </form>
  );
}
