import { useQuery } from "@tanstack/react-query";
import { Bell, BellOff, Copy, FolderPen, MoreHorizontal, Waypoints } from "lucide-react";
import { type FormEvent, useState } from "react";
import { arrangeFlow, watchedQuery, watchFlow } from "~/api/flows";
import { queries } from "~/api/queries";
import { useCan } from "~/api/session";
import type { Flow } from "~/api/types";
import { useText } from "~/i18n";
import { Banner } from "~/ui/banner";
import { Button, IconButton } from "~/ui/button";
import { Dialog } from "~/ui/dialog";
import { TextField } from "~/ui/field";
import { Menu } from "~/ui/menu";
import { explain } from "~/ui/page";
import { ComboBox } from "~/ui/select";
import { toast, toastError } from "~/ui/toast";
import { Uses } from "~/uses";
import styles from "./flows.module.css";
import { Naming } from "./naming";

interface Props {
  flow: Flow;
  folders: readonly string[];
}

/** What else can be done with a flow of the list. */
export function FlowMenu({ flow, folders }: Props) {
  const t = useText();
  const can = useCan();
  const [open, setOpen] = useState<"arrange" | "duplicate" | "uses" | null>(null);
  const name = flow.name ?? flow.id;
  const close = () => setOpen(null);
  const edits = can("flows.edit");
  const watched = useQuery({ ...watchedQuery, enabled: edits }).data?.includes(flow.id) ?? false;
  const watch = async (on: boolean, isUndo = false) => {
    try {
      await watchFlow(flow.id, on);
      await queries.invalidateQueries({ queryKey: ["alarms"] });
      const words = t(on ? "flows.alarm_is_on" : "flows.alarm_is_off", { name });
      if (!isUndo) toast(words, () => void watch(!on, true));
    } catch (error) {
      toastError(error);
    }
  };
  const entries = [
    {
      id: "arrange",
      label: t("flows.arrange"),
      icon: <FolderPen size={16} aria-hidden />,
      shown: edits,
      do: () => setOpen("arrange"),
    },
    {
      id: "duplicate",
      label: t("flows.duplicate"),
      icon: <Copy size={16} aria-hidden />,
      shown: edits,
      do: () => setOpen("duplicate"),
    },
    {
      id: "alarm",
      label: t(watched ? "flows.alarm_off" : "flows.alarm_on"),
      icon: watched ? <BellOff size={16} aria-hidden /> : <Bell size={16} aria-hidden />,
      shown: edits,
      do: () => void watch(!watched),
    },
    {
      id: "uses",
      label: t("uses.label"),
      icon: <Waypoints size={16} aria-hidden />,
      shown: true,
      do: () => setOpen("uses"),
    },
  ];
  return (
    <>
      <Menu
        label={t("flows.more", { name })}
        trigger={
          <IconButton size="s" label={t("flows.more", { name })} icon={<MoreHorizontal size={16} aria-hidden />} />
        }
        entries={entries.filter(({ shown }) => shown)}
      />
      {open === "arrange" && <Arrange flow={flow} folders={folders} onClose={close} />}
      {open === "duplicate" && (
        <Naming
          title={t("flows.duplicate")}
          name={t("flows.copy_of", { name }).replaceAll(/[\u2068\u2069]/g, "")}
          id={`${flow.id}-copy`}
          from={{ flow: flow.id }}
          onClose={close}
        />
      )}
      {open === "uses" && <Uses kind="flow" name={flow.id} title={name} onClose={close} />}
    </>
  );
}

/** Labels and folder: for people, and of no meaning to a run. */
function Arrange({ flow, folders, onClose }: Props & { onClose: () => void }) {
  const t = useText();
  const [labels, setLabels] = useState(flow.labels.join(", "));
  const [folder, setFolder] = useState(flow.folder ?? "");
  const [error, setError] = useState<unknown>(null);
  const save = async (event: FormEvent) => {
    event.preventDefault();
    try {
      const listed = labels.split(/[,;،，]/u).map((label) => label.trim());
      const meta = { labels: listed.filter(Boolean), folder: folder.trim() };
      await arrangeFlow(flow.id, meta, flow.meta_revision);
      await queries.invalidateQueries({ queryKey: ["flows"] });
      onClose();
    } catch (caught) {
      setError(caught);
    }
  };
  return (
    <Dialog title={t("flows.arrange")} isOpen onClose={onClose}>
      <form className={styles.form} onSubmit={save}>
        {error !== null && <Banner tone="bad">{explain(error, t("error.offline"))}</Banner>}
        <TextField
          label={t("flows.arrange_labels")}
          hint={t("flows.arrange_labels_hint")}
          autoFocus
          value={labels}
          onChange={setLabels}
        />
        <ComboBox
          label={t("flows.folder")}
          hint={t("flows.arrange_folder_hint")}
          allowsCustom
          choices={folders.map((id) => ({ id, label: id }))}
          value={folder}
          onChange={setFolder}
        />
        <div className={styles.buttons}>
          <Button type="submit" look="primary">
            {t("ui.save")}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
