import { useQuery } from "@tanstack/react-query";
import { Eye, Octagon, Pencil, Tags as TagsIcon } from "lucide-react";
import { useState } from "react";
import { switchFlow } from "~/api/flows";
import { queries } from "~/api/queries";
import { rulesQuery } from "~/api/rules";
import { useCan } from "~/api/session";
import type { Rule, RuleFile } from "~/api/types";
import { type Translate, useText } from "~/i18n";
import { LinkButton } from "~/ui/button";
import { Empty } from "~/ui/empty";
import { Switch } from "~/ui/field";
import { Card, Loaded, Page } from "~/ui/page";
import { By } from "~/ui/person";
import { Badge, Chip } from "~/ui/status";
import { type Column, Table } from "~/ui/table";
import { Time } from "~/ui/time";
import { toast, toastError } from "~/ui/toast";
import { TriggerName } from "~/ui/trigger";
import styles from "./rules.module.css";

/** Tag rules in the order in which they judge, one table for each file. */
export function RulesPage() {
  const t = useText();
  const rules = useQuery(rulesQuery);
  return (
    <Page title={t("nav.rules")} about={t("rules.about")}>
      <Loaded read={rules}>
        {(files) =>
          files.length === 0 ? (
            <Empty icon={TagsIcon} title={t("rules.none")} text={t("rules.none_text")}>
              <LinkButton to="/flows" search={{ new: "1" }}>
                {t("new.import")}
              </LinkButton>
            </Empty>
          ) : (
            files.map((file) => <RuleTable key={file.flow} file={file} />)
          )
        }
      </Loaded>
    </Page>
  );
}

function RuleTable({ file }: { file: RuleFile }) {
  const t = useText();
  return (
    <Card
      flush
      title={<bdi>{file.name ?? file.flow}</bdi>}
      actions={
        <div className={styles.actions}>
          <span className={styles.quiet}>
            <Time at={file.at} />
            {file.by && (
              <>
                {" · "}
                <By who={file.by} />
              </>
            )}
          </span>
          <OnOff file={file} />
          <LinkButton size="s" to="/rules/$id" params={{ id: file.flow }} icon={<Pencil size={14} aria-hidden />}>
            {t("rules.edit")}
          </LinkButton>
        </div>
      }
    >
      <div className={styles.table}>
        <Table
          label={file.name ?? file.flow}
          columns={columns(t)}
          rows={numbered(file.list ?? [])}
          rowKey={(row) => row.rule.rule}
          tall
        />
      </div>
    </Card>
  );
}

function OnOff({ file }: { file: RuleFile }) {
  const t = useText();
  const can = useCan();
  const [busy, setBusy] = useState(false);
  const name = file.name ?? file.flow;
  const turn = async (on: boolean, isUndo = false) => {
    setBusy(true);
    try {
      await switchFlow(file.flow, on, "rules");
      await queries.invalidateQueries({ queryKey: ["rules"] });
      if (!isUndo) toast(t(on ? "flows.is_on" : "rules.is_off", { name }), () => void turn(!on, true));
    } catch (error) {
      toastError(error);
    } finally {
      setBusy(false);
    }
  };
  if (file.state !== "live" && file.state !== "off") return null;
  return (
    <Switch
      aria-label={t("flows.switch", { name })}
      isSelected={file.state === "live"}
      isDisabled={busy || !can("rules.publish")}
      onChange={(on) => void turn(on)}
    />
  );
}

interface Row {
  at: number;
  rule: Rule;
}

const numbered = (rules: Rule[]): Row[] => rules.map((rule, index) => ({ at: index + 1, rule }));

const columns = (t: Translate): Column<Row>[] => [
  {
    id: "at",
    name: t("rules.order"),
    width: "32px",
    quiet: true,
    cell: ({ at }) => <span className={styles.quiet}>{at}</span>,
  },
  {
    id: "name",
    name: t("rules.rule"),
    width: "minmax(130px, 1.4fr)",
    cell: ({ rule }) => (
      <span className={styles.cell}>
        <bdi className={styles.name}>{rule.name ?? rule.rule}</bdi>
        {rule.watch && (
          <Badge tone="idle" icon={Eye}>
            {t("rules.watch")}
          </Badge>
        )}
      </span>
    ),
  },
  {
    id: "on",
    name: t("rules.on"),
    width: "minmax(130px, 1.2fr)",
    wide: true,
    cell: ({ rule }) => (
      <span className={styles.cell}>
        {rule.on.map((kind) => (
          <Chip key={kind}>
            <TriggerName kind={kind} />
          </Chip>
        ))}
      </span>
    ),
  },
  { id: "then", name: t("rules.then"), width: "minmax(150px, 2fr)", cell: ({ rule }) => <Then rule={rule} /> },
];

function Then({ rule }: { rule: Rule }) {
  const t = useText();
  return (
    <span className={styles.cell}>
      {rule.add_tags.map((tag) => (
        <Chip key={tag} tone="accent">
          + {tag}
        </Chip>
      ))}
      {rule.remove_tags.map((tag) => (
        <Chip key={tag}>− {tag}</Chip>
      ))}
      {rule.for && <span className={styles.quiet}>{t("rules.for", { time: rule.for })}</span>}
      {rule.priority && <Chip>{t("rules.priority", { priority: t(`priority.${rule.priority}`) })}</Chip>}
      {rule.escalate && <Chip>{t("rules.escalate", { team: rule.escalate })}</Chip>}
      {rule.stop && (
        <Badge tone="warn" icon={Octagon}>
          {t("rules.stop")}
        </Badge>
      )}
    </span>
  );
}
