import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { CircleCheck } from "lucide-react";
import { useState } from "react";
import { queries } from "~/api/queries";
import { attentionQuery, failCall, retryCall } from "~/api/runs";
import { useCan } from "~/api/session";
import type { Call } from "~/api/types";
import { useText } from "~/i18n";
import { Button } from "~/ui/button";
import { Confirm } from "~/ui/dialog";
import { Empty } from "~/ui/empty";
import { Loaded, Page, Toolbar } from "~/ui/page";
import { type Column, Table } from "~/ui/table";
import { Time } from "~/ui/time";
import { toast, toastError } from "~/ui/toast";
import { TroubleLine } from "~/ui/trouble";
import styles from "./attention.module.css";
import { DecideDialog } from "./decide";

/** Calls that stand still until a person decides. */
export function AttentionPage() {
  const t = useText();
  const can = useCan();
  const read = useInfiniteQuery(attentionQuery);
  const calls = read.data?.pages.flatMap((page) => page.calls);
  const [selected, setSelected] = useState<Set<string>>(new Set());
  const [deciding, setDeciding] = useState<Call | null>(null);
  const [failing, setFailing] = useState(false);
  const chosen = calls?.filter((call) => selected.has(call.id)) ?? [];

  const each = async (act: (id: string) => Promise<unknown>, done: (n: number) => string) => {
    const ends = await Promise.allSettled(chosen.map((call) => act(call.id)));
    const good = ends.filter((end) => end.status === "fulfilled").length;
    const refused = ends.find((end) => end.status === "rejected");
    if (good > 0) toast(done(good));
    if (refused) toastError(refused.reason);
    setSelected(new Set());
    await queries.invalidateQueries({ queryKey: ["attention"] });
    await queries.invalidateQueries({ queryKey: ["flows"] });
  };

  const columns: Column<Call>[] = [
    {
      id: "what",
      name: t("attention.call"),
      width: "minmax(150px, 1.6fr)",
      cell: (call) => (
        <span className={styles.lines}>
          <Link to="/runs/$id" params={{ id: call.run }}>
            <code dir="ltr">{call.action}</code>
          </Link>
          <span className={styles.quiet} dir="ltr">
            {call.connection}
          </span>
        </span>
      ),
    },
    {
      id: "why",
      name: t("attention.why"),
      width: "minmax(140px, 3fr)",
      cell: (call) => (
        <span className={styles.why} dir="auto">
          {call.why && <TroubleLine text={call.why} />}
        </span>
      ),
    },
    {
      id: "tries",
      name: t("step.attempts"),
      width: "minmax(70px, 0.6fr)",
      align: "end",
      wide: true,
      cell: (call) => call.failed_attempts,
    },
    {
      id: "since",
      name: t("attention.since"),
      width: "minmax(90px, 1fr)",
      wide: true,
      cell: (call) => <Time at={call.sent_at ?? call.planned_at} />,
    },
    {
      id: "until",
      name: t("attention.until"),
      width: "minmax(90px, 1fr)",
      wide: true,
      cell: (call) => <Time at={call.deadline} />,
    },
    {
      id: "do",
      name: t("attention.decide"),
      width: "96px",
      align: "end",
      quiet: true,
      cell: (call) => (
        <Button size="s" isDisabled={!can("runs.control")} onPress={() => setDeciding(call)}>
          {t("attention.decide")}
        </Button>
      ),
    },
  ];

  return (
    <Page title={t("nav.attention")} about={t("attention.about")}>
      {chosen.length > 0 && (
        <Toolbar>
          <strong>{t("ui.selected", { n: chosen.length })}</strong>
          <Button
            look="primary"
            size="s"
            onPress={() =>
              each(
                (id) => retryCall(id),
                (n) => t("attention.retried", { n }),
              )
            }
          >
            {t("attention.retry")}
          </Button>
          <Button size="s" onPress={() => setFailing(true)}>
            {t("attention.fail")}
          </Button>
        </Toolbar>
      )}
      <Loaded read={{ ...read, data: calls }}>
        {(found) => (
          <Table
            label={t("nav.attention")}
            columns={columns}
            rows={found}
            rowKey={(call) => call.id}
            tall
            more={read.hasNextPage && !read.isFetchingNextPage ? () => void read.fetchNextPage() : null}
            {...(can("runs.control") && { selection: { selected, onChange: setSelected } })}
            empty={<Empty icon={CircleCheck} title={t("attention.none")} text={t("attention.none_text")} />}
          />
        )}
      </Loaded>
      {deciding && <DecideDialog call={deciding} onClose={() => setDeciding(null)} />}
      <Confirm
        title={t("attention.fail")}
        text={<p>{t("attention.fail_text", { n: chosen.length })}</p>}
        action={t("attention.fail")}
        danger
        isOpen={failing}
        onClose={() => setFailing(false)}
        onConfirm={() => each(failCall, (n) => t("attention.failed", { n }))}
      />
    </Page>
  );
}
