//! A segment open: what it asks for, as a form or as the text that both are, and beside it who is in it now.

import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { History, MoreHorizontal } from "lucide-react";
import { lazy, Suspense, useEffect, useState } from "react";
import { tagsQuery } from "~/api/book";
import { countText, membersQuery, segmentQuery } from "~/api/segments";
import { useCan } from "~/api/session";
import type { SegmentShown } from "~/api/types";
import type { EditorProps } from "~/editor/editor";
import { Banners } from "~/editor/header/banners";
import { DropDraft } from "~/editor/header/drop-draft";
import bar from "~/editor/header/header.module.css";
import { Problems } from "~/editor/header/problems";
import { SaveState } from "~/editor/header/save-state";
import { UndoRedo } from "~/editor/header/undo-redo";
import { ViewSwitch } from "~/editor/header/view-switch";
import { ConditionField } from "~/editor/inspector/condition-field";
import inspector from "~/editor/inspector/inspector.module.css";
import { PlainField } from "~/editor/inspector/values";
import { useApprovalNeeded } from "~/editor/publish/draft";
import { withPublishTexts } from "~/editor/publish/texts";
import { useEditor } from "~/editor/state/editor";
import { useText } from "~/i18n";
import { contactColumns } from "~/pages/contacts/columns";
import { TagsField } from "~/rules/tags-field";
import { Banner } from "~/ui/banner";
import { Button, IconButton, LinkButton } from "~/ui/button";
import { Menu } from "~/ui/menu";
import { Card, Loaded } from "~/ui/page";
import { Skeleton } from "~/ui/skeleton";
import { FlowStateBadge } from "~/ui/status";
import { Table } from "~/ui/table";
import { useSettled } from "~/ui/time";
import { UsedBy } from "~/uses";
import styles from "./segment.module.css";
import { counted, segmentInWords } from "./words";

const YamlPanel = lazy(() => import("~/editor/yaml/panel"));
const PublishSegment = lazy(() => withPublishTexts(import("./publish-segment")));
const Versions = lazy(() =>
  withPublishTexts(import("~/editor/publish/versions")).then(({ Versions }) => ({ default: Versions })),
);

const VIEWS = ["form", "text"] as const;
type View = (typeof VIEWS)[number];
type Window = "publish" | "versions" | "drop" | null;

export function SegmentFrame({ id, saves, lock, mayPublish, reviewing, onReviewed }: EditorProps) {
  const t = useText();
  const [view, setView] = useState<View>("form");
  const [window_, setWindow] = useState<Window>(null);
  const mayEdit = useEditor((state) => state.closed === null);
  const { data: segment } = useQuery(segmentQuery(id));
  const close = () => {
    if (reviewing) onReviewed?.();
    setWindow(null);
  };
  useEffect(() => {
    if (reviewing) setWindow("publish");
  }, [reviewing]);
  return (
    <div className={styles.frame}>
      <Header
        saves={saves}
        segment={segment}
        mayEdit={mayEdit}
        mayPublish={mayPublish && mayEdit}
        view={view}
        onView={setView}
        onWindow={setWindow}
      />
      <Banners saves={saves} lock={lock} onView={() => setView("text")} />
      <div className={styles.body}>
        <div className={styles.edited}>
          {view === "form" ? (
            <Form />
          ) : (
            <Suspense fallback={<Skeleton lines={10} />}>
              <YamlPanel />
            </Suspense>
          )}
        </div>
        <div className={styles.known}>
          <Count id={id} live={segment} />
          <Card title={t("uses.label")}>
            <UsedBy kind="segment" name={id} />
          </Card>
          {segment?.state === "live" && <Members id={id} />}
        </div>
      </div>
      <Problems onProblem={() => setView("text")} />
      <Suspense>
        {window_ === "publish" && saves && (
          <PublishSegment id={id} saves={saves} mayPublish={mayPublish && mayEdit} onClose={close} />
        )}
        {window_ === "versions" && <Versions kind="segments" id={id} mayPublish={mayPublish} onClose={close} />}
        {window_ === "drop" && <DropDraft kind="segments" id={id} saves={saves} onClose={close} />}
      </Suspense>
    </div>
  );
}

interface HeaderProps {
  saves: EditorProps["saves"];
  segment: SegmentShown | undefined;
  mayEdit: boolean;
  mayPublish: boolean;
  view: View;
  onView: (view: View) => void;
  onWindow: (window: Window) => void;
}

function Header({ saves, segment, mayEdit, mayPublish, view, onView, onWindow }: HeaderProps) {
  const t = useText();
  const name = useEditor((state) => state.picture.name);
  // Whoever answers need not take the document away from its author.
  const mayAnswer = useEditor((state) => state.closed === null || state.closed === "locked");
  const reviews = useApprovalNeeded() && mayAnswer;
  const entries = [
    {
      id: "versions",
      label: t("editor.versions"),
      icon: <History size={16} aria-hidden />,
      do: () => onWindow("versions"),
    },
    ...(mayEdit
      ? [{ id: "drop", label: t("editor.drop_draft"), danger: true, apart: true, do: () => onWindow("drop") }]
      : []),
  ];
  return (
    <header className={bar.header}>
      <div className={bar.title}>
        <LinkButton look="plain" size="s" to="/contacts" search={{ tab: "segments" }}>
          {t("contacts.segments")}
        </LinkButton>
        <h1>
          <bdi dir="auto">{name}</bdi>
        </h1>
        {segment && <FlowStateBadge state={segment.state} />}
        {saves && <SaveState saves={saves} />}
      </div>
      <div className={bar.tools}>
        <ViewSwitch views={VIEWS} shown={view} label={(own) => t(`book.segment_view.${own}`)} onView={onView} />
        {mayEdit && <UndoRedo />}
        <Menu
          trigger={<IconButton label={t("editor.more_actions")} icon={<MoreHorizontal size={18} aria-hidden />} />}
          label={t("editor.more_actions")}
          entries={entries}
        />
        {(mayPublish || reviews) && (
          <Button look="primary" onPress={() => onWindow("publish")}>
            {t(mayPublish ? "rules.save" : "editor.review.open")}
          </Button>
        )}
      </div>
    </header>
  );
}

function Form() {
  const t = useText();
  const tags = useQuery(tagsQuery).data?.tags ?? [];
  return (
    <div className={inspector.form}>
      <PlainField label={t("contacts.name")} path={["name"]} />
      <TagsField
        label={t("book.segment_tags")}
        hint={t("book.segment_tags_hint")}
        path={["tags"]}
        known={tags.map(({ tag }) => tag)}
      />
      <PlainField label={t("shell.language")} hint={t("book.segment_language_hint")} path={["language"]} />
      <ConditionField label={t("book.segment_when")} path={["when"]} />
    </div>
  );
}

/** Whom it takes as it is in force, and how many it would take as it is edited. */
function Count({ id, live }: { id: string; live: SegmentShown | undefined }) {
  const t = useText();
  const may = useCan()("segments.edit");
  const text = useSettled(
    useEditor((state) => state.source.text),
    600,
  );
  const sound = useEditor((state) => state.problems.every(({ severity }) => severity === "warning"));
  const edited = live === undefined || text !== live.source || live.state !== "live";
  const draft = useQuery({
    queryKey: ["flows", "segments", id, "count", text],
    queryFn: () => countText(id, text),
    enabled: may && edited && sound,
    retry: false,
  });
  const now = live?.state === "live" ? live.count : null;
  return (
    <Card title={t("book.segment_now")}>
      <div className={styles.count}>
        {live && now && (
          <>
            <p>
              <strong>{t("book.segment_holds", { n: now.contacts, shown: counted(now, t) })}</strong>
            </p>
            <p className={styles.quiet}>
              <bdi dir="auto">{segmentInWords(live, t)}</bdi>
            </p>
            {now.failed > 0 && (
              <Banner tone="warn">
                {t("book.segment_failed", { n: now.failed })} <bdi translate="no">{now.error}</bdi>
              </Banner>
            )}
          </>
        )}
        {!now && <p className={styles.quiet}>{t("book.segment_not_live")}</p>}
        {edited && draft.data && (
          <p>{t("book.segment_would", { n: draft.data.contacts, shown: counted(draft.data, t) })}</p>
        )}
      </div>
    </Card>
  );
}

function Members({ id }: { id: string }) {
  const t = useText();
  const read = useInfiniteQuery({ ...membersQuery(id), enabled: useCan()("contacts.read") });
  const contacts = read.data?.pages.flatMap((page) => page.contacts);
  return (
    <section aria-label={t("book.segment_members")}>
      <h2 className={styles.title}>{t("book.segment_members")}</h2>
      <Loaded read={{ ...read, data: contacts }} lines={6}>
        {(found) => (
          <Table
            label={t("book.segment_members")}
            columns={contactColumns(t).filter(({ id: column }) => column !== "language" && column !== "seen")}
            rows={found}
            rowKey={(contact) => contact.id}
            href={(contact) => `/contacts/${encodeURIComponent(contact.id)}`}
            more={read.hasNextPage && !read.isFetchingNextPage ? () => void read.fetchNextPage() : null}
            empty={<p className={styles.none}>{t("book.segment_nobody")}</p>}
          />
        )}
      </Loaded>
    </section>
  );
}
