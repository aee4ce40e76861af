//! The files of rules, each with its rules from top to bottom.

import type { UseQueryResult } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { Eye, Octagon, Pencil, Tags as TagsIcon } from "lucide-react";
import { useEffect, useState } from "react";
import { beginRules, FIRST_RULES, switchFlow } from "~/api/flows";
import { queries } from "~/api/queries";
import { useCan } from "~/api/session";
import type { Rule, RuleFile } from "~/api/types";
import { conditionInWords } from "~/editor/expression/words";
import { durationInWords } from "~/editor/model/duration";
import { type Translate, useText } from "~/i18n";
import { Hits } from "~/rules/hits";
import { Button, LinkButton } from "~/ui/button";
import { Empty } from "~/ui/empty";
import { Switch } from "~/ui/field";
import { Card, Loaded } from "~/ui/page";
import { By } from "~/ui/person";
import { Badge, Chip } from "~/ui/status";
import { type Column, Table } from "~/ui/table";
import { Time } from "~/ui/time";
import { toast, toastError } from "~/ui/toast";
import { TriggerName } from "~/ui/trigger";
import { UsedChip } from "~/uses";
import styles from "./rules.module.css";

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

export function RuleFiles({ files }: { files: UseQueryResult<RuleFile[]> }) {
  const t = useText();
  const words = useEditorTexts();
  return (
    <Loaded read={files}>
      {(found) =>
        found.length === 0 ? (
          <Empty icon={TagsIcon} title={t("rules.none")} text={t("rules.none_text")}>
            <First />
            <LinkButton to="/flows" search={{ new: "1" }}>
              {t("new.import")}
            </LinkButton>
          </Empty>
        ) : (
          <div className={styles.files}>
            {found.map((file) => (
              <RuleTable key={file.flow} file={file} words={words} />
            ))}
          </div>
        )
      }
    </Loaded>
  );
}

/** Makes the first file of rules, or opens the draft of it that was begun, so that nobody needs YAML to begin. */
function First() {
  const t = useText();
  const can = useCan();
  const navigate = useNavigate();
  const [busy, setBusy] = useState(false);
  if (!can("rules.edit")) return null;
  const begin = async () => {
    setBusy(true);
    try {
      await beginRules(t("nav.rules"));
      await navigate({ to: "/rules/$id", params: { id: FIRST_RULES } });
    } catch (caught) {
      toastError(caught);
      setBusy(false);
    }
  };
  return (
    <Button look="primary" isDisabled={busy} onPress={() => void begin()}>
      {t("rules.begin")}
    </Button>
  );
}

function RuleTable({ file, words }: { file: RuleFile; words: boolean }) {
  const t = useText();
  const can = useCan();
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
            {can("rules.edit") ? t("rules.edit") : t("rules.look")}
          </LinkButton>
        </div>
      }
    >
      <div className={styles.table}>
        <Table
          label={file.name ?? file.flow}
          columns={columns(file.flow, words, t)}
          rows={numbered(file.list ?? [])}
          rowKey={(row) => row.rule.rule}
          href={({ rule }) => `/rules/${file.flow}?rule=${rule.rule}`}
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

const columns = (file: string, words: boolean, t: Translate): Column<Row>[] => [
  {
    id: "at",
    name: t("rules.order"),
    width: "20px",
    quiet: true,
    cell: ({ at }) => <span className={styles.quiet}>{at}</span>,
  },
  {
    id: "name",
    name: t("rules.rule"),
    width: "minmax(130px, 1.6fr)",
    cell: ({ rule }) => (
      <span className={styles.cell}>
        <Link to="/rules/$id" params={{ id: file }} search={{ rule: rule.rule }} className={styles.name}>
          <bdi>{rule.name ?? rule.rule}</bdi>
        </Link>
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
    width: "minmax(150px, 2fr)",
    wide: true,
    cell: ({ rule }) => <Asked rule={rule} words={words} />,
  },
  { id: "then", name: t("rules.then"), width: "minmax(150px, 1.6fr)", cell: ({ rule }) => <Then rule={rule} /> },
  {
    id: "hits",
    name: t("rules.hits.name"),
    width: "minmax(84px, 0.5fr)",
    cell: ({ rule }) => <Hits hits={rule.hits} watch={rule.watch} />,
  },
];

/** What a rule listens to and asks, as a sentence. */
function Asked({ rule, words }: { rule: Rule; words: boolean }) {
  const t = useText();
  return (
    <span className={styles.cell}>
      {rule.on.map((kind) => (
        <Chip key={kind}>
          <TriggerName kind={kind} />
        </Chip>
      ))}
      {words &&
        rule.when.map((when) => (
          <bdi key={when} dir="auto" className={styles.asked}>
            {conditionInWords(when, t)}
          </bdi>
        ))}
    </span>
  );
}

function Then({ rule }: { rule: Rule }) {
  const t = useText();
  return (
    <span className={styles.cell}>
      {rule.add_tags.map((tag) => (
        <UsedChip key={tag} kind="tag" name={tag} tone="accent">
          + {tag}
        </UsedChip>
      ))}
      {rule.for && <span className={styles.quiet}>{t("rules.for", { time: durationInWords(rule.for) })}</span>}
      {rule.remove_tags.map((tag) => (
        <UsedChip key={tag} kind="tag" name={tag}>
          − {tag}
        </UsedChip>
      ))}
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
