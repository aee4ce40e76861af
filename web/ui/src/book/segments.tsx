import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Plus, Users } from "lucide-react";
import { lazy, Suspense, useEffect, useState } from "react";
import { queries } from "~/api/queries";
import { segmentsQuery, stopSweep, sweepsQuery } from "~/api/segments";
import { useCan } from "~/api/session";
import type { SegmentListed } from "~/api/types";
import { type Translate, useText } from "~/i18n";
import { Banner } from "~/ui/banner";
import { Button, LinkButton } from "~/ui/button";
import { Empty } from "~/ui/empty";
import { Loaded } from "~/ui/page";
import { Skeleton } from "~/ui/skeleton";
import { Badge, FlowStateBadge } from "~/ui/status";
import { type Column, Table } from "~/ui/table";
import { toastError } from "~/ui/toast";
import { UsesButton } from "~/uses";
import styles from "./book.module.css";
import { useBookTexts } from "./texts";
import { counted, segmentInWords } from "./words";

const NewSegment = lazy(() => import("./new-segment"));

/** The groups of contacts: whom each takes, how many that are now, and which flows go over it. */
export default function Segments() {
  const [texts, words] = [useBookTexts(), useEditorTexts()];
  const read = useQuery(segmentsQuery);
  if (!(texts && words)) return <Skeleton lines={8} />;
  return <Loaded read={read}>{({ segments }) => <List segments={segments} />}</Loaded>;
}

/** The words of conditions come with the editor's texts. */
function useEditorTexts(): boolean {
  const [ready, setReady] = useState(false);
  useEffect(() => {
    let there = true;
    void import("~/editor/texts").then(({ addEditorTexts }) => addEditorTexts()).then(() => there && setReady(true));
    return () => {
      there = false;
    };
  }, []);
  return ready;
}

function List({ segments }: { segments: SegmentListed[] }) {
  const t = useText();
  const mayEdit = useCan()("segments.edit");
  const [making, setMaking] = useState(false);
  const fresh = mayEdit && (
    <Button icon={<Plus size={16} aria-hidden />} onPress={() => setMaking(true)}>
      {t("book.segment_new")}
    </Button>
  );
  return (
    <div className={styles.form}>
      <Sweeps />
      {segments.length > 0 && <div className={styles.buttons}>{fresh}</div>}
      <Table
        label={t("contacts.segments")}
        columns={columns(t)}
        rows={segments}
        rowKey={({ flow }) => flow}
        href={({ flow }) => `/contacts/segments/${flow}`}
        tall
        empty={
          <Empty icon={Users} title={t("book.no_segments")} text={t("book.no_segments_text")}>
            {fresh}
            <LinkButton to="/templates">{t("nav.templates")}</LinkButton>
          </Empty>
        }
      />
      <Suspense fallback={null}>{making && <NewSegment onClose={() => setMaking(false)} />}</Suspense>
    </div>
  );
}

const columns = (t: Translate): Column<SegmentListed>[] => [
  {
    id: "name",
    name: t("book.segment"),
    width: "minmax(150px, 1.4fr)",
    cell: (segment) => (
      <span className={styles.cells}>
        <Link to="/contacts/segments/$id" params={{ id: segment.flow }}>
          <bdi>{segment.name ?? segment.flow}</bdi>
        </Link>
        {segment.state !== "live" && <FlowStateBadge state={segment.state} />}
        {segment.has_draft && <Badge tone="idle">{t("flows.has_draft")}</Badge>}
      </span>
    ),
  },
  {
    id: "who",
    name: t("book.segment_who"),
    width: "minmax(180px, 3fr)",
    wide: true,
    cell: (segment) => (
      <bdi dir="auto" className={styles.asked}>
        {segmentInWords(segment, t)}
      </bdi>
    ),
  },
  {
    id: "contacts",
    name: t("nav.contacts"),
    width: "96px",
    align: "end",
    cell: ({ count }) => count && counted(count, t),
  },
  {
    id: "uses",
    name: t("uses.label"),
    width: "152px",
    quiet: true,
    wide: true,
    cell: ({ flow, name }) => <UsesButton kind="segment" name={flow} {...(name ? { title: name } : {})} />,
  },
];

/** Slots of schedules that are going over segments now. */
function Sweeps() {
  const t = useText();
  const can = useCan();
  const { data } = useQuery({ ...sweepsQuery, enabled: can("runs.read") });
  const stop = async (sweep: string) => {
    try {
      await stopSweep(sweep);
      await queries.invalidateQueries({ queryKey: sweepsQuery.queryKey });
    } catch (error) {
      toastError(error);
    }
  };
  return data?.sweeps.map(({ sweep, flow, segment, found }) => (
    <Banner
      key={sweep}
      action={
        can("runs.control") && (
          <Button size="s" onPress={() => void stop(sweep)}>
            {t("book.sweep_stop")}
          </Button>
        )
      }
    >
      {t("book.sweep", { flow, segment, n: found })}
    </Banner>
  ));
}
