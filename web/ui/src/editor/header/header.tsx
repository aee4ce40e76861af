//! The bar above the flow: what it is called, whether it is saved and live, and what can be done with all of it.

import { FlaskConical, History, ImageDown, ListTree, MoreHorizontal, Printer, Rows3, Search } from "lucide-react";
import { lazy, Suspense } from "react";
import type { FlowState } from "~/api/types";
import { currentLocale, useText } from "~/i18n";
import { LOCALES } from "~/i18n/locales";
import { Button, IconButton, LinkButton } from "~/ui/button";
import { FlowStateBadge } from "~/ui/status";
import { toastError } from "~/ui/toast";
import type { DocumentKind } from "../api";
import type { Autosave } from "../state/autosave";
import { useEditor, useEditorStore, type View } from "../state/editor";
import styles from "./header.module.css";
import { SaveState } from "./save-state";
import { UndoRedo } from "./undo-redo";
import { ViewSwitch } from "./view-switch";

interface Props {
  kind: DocumentKind;
  live: { state: FlowState; version: string | null } | null;
  saves: Autosave | null;
  mayEdit: boolean;
  mayPublish: boolean;
  /** Whether an approval can be asked for and given here. */
  mayReview: boolean;
  testing: boolean;
  onView: (view: View) => void;
  onSearch: () => void;
  onTest: () => void;
  onVersions: () => void;
  onPublish: () => void;
  onHelp: () => void;
  onDrop: () => void;
}

/** Lists that open come after the picture. */
const Menu = lazy(() => import("~/ui/menu").then(({ Menu }) => ({ default: Menu })));

const VIEWS: readonly View[] = ["canvas", "outline", "yaml", "split"];

export function Header(props: Props) {
  const t = useText();
  const store = useEditorStore();
  const name = useEditor((state) => state.picture.name);
  const view = useEditor((state) => state.view);
  const compact = useEditor((state) => state.compact);
  const savePicture = async (kind: "svg" | "png") => {
    try {
      const { savePicture } = await import("../canvas/export");
      await savePicture(kind, store.getState().picture, LOCALES[currentLocale()].dir === "rtl", t);
    } catch (error) {
      toastError(error);
    }
  };
  const entries = [
    { id: "versions", label: t("editor.versions"), icon: <History size={16} aria-hidden />, do: props.onVersions },
    ...(props.kind === "flows"
      ? [
          {
            id: "compact",
            label: t(compact ? "editor.normal_size" : "editor.compact"),
            icon: <Rows3 size={16} aria-hidden />,
            do: () => store.setState({ compact: !compact }),
          },
        ]
      : []),
    ...(props.kind === "flows"
      ? (["svg", "png"] as const).map((kind) => ({
          id: kind,
          label: t("editor.save_picture", { kind: kind.toUpperCase() }),
          icon: <ImageDown size={16} aria-hidden />,
          do: () => void savePicture(kind),
        }))
      : []),
    ...(props.kind === "flows"
      ? [
          {
            id: "print",
            label: t("editor.print"),
            icon: <Printer size={16} aria-hidden />,
            // The list is closed first, and gives the focus back.
            do: () => void requestAnimationFrame(() => window.print()),
          },
        ]
      : []),
    { id: "help", label: t("editor.keys"), icon: <ListTree size={16} aria-hidden />, do: props.onHelp },
    ...(props.mayEdit
      ? [{ id: "drop", label: t("editor.drop_draft"), danger: true, apart: true, do: props.onDrop }]
      : []),
  ];
  const more = <IconButton label={t("editor.more_actions")} icon={<MoreHorizontal size={18} aria-hidden />} />;
  return (
    <header className={styles.header}>
      <div className={styles.title}>
        <LinkButton look="plain" size="s" to={props.kind === "rules" ? "/rules" : "/flows"}>
          {t("editor.back")}
        </LinkButton>
        <h1>
          <bdi dir="auto">{name}</bdi>
        </h1>
        {props.live && <FlowStateBadge state={props.live.state} />}
        {props.live?.version && (
          <span className={styles.version}>{t("editor.version", { version: props.live.version })}</span>
        )}
        {props.saves && <SaveState saves={props.saves} />}
      </div>
      <div className={styles.tools}>
        {props.kind === "flows" && (
          <ViewSwitch views={VIEWS} shown={view} label={(own) => t(`editor.view.${own}`)} onView={props.onView} />
        )}
        {props.mayEdit && <UndoRedo />}
        {props.kind === "flows" && (
          <IconButton label={t("editor.search")} icon={<Search size={18} aria-hidden />} onPress={props.onSearch} />
        )}
        <Suspense fallback={more}>
          <Menu trigger={more} label={t("editor.more_actions")} entries={entries} />
        </Suspense>
        <Button icon={<FlaskConical size={16} aria-hidden />} aria-pressed={props.testing} onPress={props.onTest}>
          {t("editor.test")}
        </Button>
        {(props.mayPublish || props.mayReview) && (
          <Button look="primary" onPress={props.onPublish}>
            {t(props.mayPublish ? "editor.publish" : "editor.review.open")}
          </Button>
        )}
      </div>
    </header>
  );
}
