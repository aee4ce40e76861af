import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { createFlow, idOf, type NewFlow } from "~/api/flows";
import { queries } from "~/api/queries";
import { useText } from "~/i18n";
import { Banner } from "~/ui/banner";
import { Button } from "~/ui/button";
import { Dialog } from "~/ui/dialog";
import { TextField } from "~/ui/field";
import { explain } from "~/ui/page";
import styles from "./flows.module.css";

/** Where a document of a kind is opened. */
const PAGES = { flows: "/flows/$id", rules: "/rules/$id", segments: "/contacts/segments/$id" } as const;

interface Props {
  title: string;
  /** What the name is until somebody changes it. */
  name: string;
  /** The id that goes with that name; with another name, one is made of it. */
  id: string;
  from: Extract<NewFlow, { from: unknown }>["from"];
  kind?: keyof typeof PAGES;
  onClose: () => void;
}

/** Asks what a new flow is called, makes it, and opens it. */
export function Naming({ title, name: given, id, from, kind = "flows", onClose }: Props) {
  const t = useText();
  const navigate = useNavigate();
  const [name, setName] = useState(given);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const make = async () => {
    setBusy(true);
    setError(null);
    try {
      const called = name.trim() === given ? id : idOf(name);
      const made = await createFlow({ from, id: called, name: name.trim() }, kind === "rules" ? "rules" : "flows");
      await queries.invalidateQueries({ queryKey: [kind === "rules" ? "rules" : "flows"] });
      await navigate({ to: PAGES[kind], params: { id: made.id } });
    } catch (caught) {
      setError(caught);
      setBusy(false);
    }
  };
  return (
    <Dialog title={title} isOpen onClose={onClose}>
      <form
        className={styles.form}
        onSubmit={(event) => {
          event.preventDefault();
          void make();
        }}
      >
        {error !== null && <Banner tone="bad">{explain(error, t("error.offline"))}</Banner>}
        <TextField
          label={t("new.name")}
          hint={t("new.name_text")}
          isRequired
          autoFocus
          value={name}
          onChange={setName}
        />
        <div className={styles.buttons}>
          <Button type="submit" look="primary" isDisabled={busy || name.trim() === ""}>
            {t("new.create")}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
