import { ListChecks } from "lucide-react";
import { useState } from "react";
import { queries } from "~/api/queries";
import { runsInBulk } from "~/api/runs";
import { useText } from "~/i18n";
import { Button } from "~/ui/button";
import { Confirm } from "~/ui/dialog";
import { Menu } from "~/ui/menu";
import { toast, toastError } from "~/ui/toast";

interface Props {
  flow: string | undefined;
  contact: string | undefined;
}

/** Retries or cancels all runs of a flow or a contact: the server does up to a thousand at once and says if there are more. */
export function Bulk({ flow, contact }: Props) {
  const t = useText();
  const [asking, setAsking] = useState<"retry" | "cancel" | null>(null);
  const act = async (what: "retry" | "cancel") => {
    try {
      const { done, refused, more } = await runsInBulk({ flow, contact, do: what });
      toast(`${t("bulk.done", { n: done })} ${more ? t("bulk.more") : ""}`);
      if (refused[0]) {
        const { toldWhy } = await import("~/server");
        toastError(new Error(`${t("bulk.refused", { n: refused.length })} ${await toldWhy(refused[0])}`));
      }
      await queries.invalidateQueries({ queryKey: ["runs"] });
    } catch (error) {
      toastError(error);
    }
  };
  const entries = [
    { id: "retry", label: t("bulk.retry"), do: () => setAsking("retry") },
    { id: "cancel", label: t("bulk.cancel"), danger: true, do: () => setAsking("cancel") },
  ];
  return (
    <>
      <Menu
        label={t("bulk.all")}
        trigger={<Button icon={<ListChecks size={16} aria-hidden />}>{t("bulk.all")}</Button>}
        entries={entries}
      />
      {asking && (
        <Confirm
          title={t(`bulk.${asking}`)}
          text={<p>{t(`bulk.${asking}_text`)}</p>}
          action={t(`bulk.${asking}`)}
          danger={asking === "cancel"}
          isOpen
          onClose={() => setAsking(null)}
          onConfirm={() => act(asking)}
        />
      )}
    </>
  );
}
