import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { erasePerson, personFile } from "~/api/contacts";
import { queries } from "~/api/queries";
import { useCan } from "~/api/session";
import type { ContactDetail } from "~/api/types";
import { useText } from "~/i18n";
import { Button } from "~/ui/button";
import { Confirm } from "~/ui/dialog";
import { toast, toastError } from "~/ui/toast";

/** What a person may ask of us: all their data, and that it is deleted. */
export function Person({ contact }: { contact: ContactDetail }) {
  const t = useText();
  const can = useCan();
  const navigate = useNavigate();
  const [asking, setAsking] = useState(false);
  const takeOut = async () => {
    try {
      const text = JSON.stringify(await personFile(contact.id), null, 2);
      save(new Blob([text], { type: "application/json" }), `${contact.id}.json`);
    } catch (error) {
      toastError(error);
    }
  };
  const erase = async () => {
    try {
      await erasePerson(contact.id);
      await queries.invalidateQueries({ queryKey: ["contact"] });
      toast(t("contacts.erased"));
      void navigate({ to: "/contacts" });
    } catch (error) {
      toastError(error);
    }
  };
  return (
    <>
      {can("people.export") && <Button onPress={takeOut}>{t("contacts.take_out")}</Button>}
      {can("people.erase") && (
        <Button look="danger" onPress={() => setAsking(true)}>
          {t("contacts.erase")}
        </Button>
      )}
      <Confirm
        title={t("contacts.erase_title")}
        text={t("contacts.erase_text")}
        action={t("contacts.erase")}
        danger
        isOpen={asking}
        onClose={() => setAsking(false)}
        onConfirm={erase}
      />
    </>
  );
}

/** Gives the browser a file to keep. */
function save(file: Blob, name: string): void {
  const address = URL.createObjectURL(file);
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  URL.revokeObjectURL(address);
}
