//! Messages that no rule, wait or flow took up, in groups; one click makes a keyword of one.

import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { MessageCircleQuestion, Sparkles } from "lucide-react";
import { useState } from "react";
import { unmatchedQuery } from "~/api/rules";
import { useCan } from "~/api/session";
import type { RuleFile, UnmatchedGroup } from "~/api/types";
import { useText } from "~/i18n";
import { number } from "~/i18n/format";
import { Button } from "~/ui/button";
import { Dialog } from "~/ui/dialog";
import { Empty } from "~/ui/empty";
import { TextField } from "~/ui/field";
import { Loaded } from "~/ui/page";
import { Select } from "~/ui/select";
import { type Column, Table } from "~/ui/table";
import { Time } from "~/ui/time";
import styles from "./rules.module.css";

export function NotUnderstood({ files }: { files: RuleFile[] }) {
  const t = useText();
  const can = useCan();
  const read = useQuery(unmatchedQuery);
  const [chosen, setChosen] = useState<UnmatchedGroup | null>(null);
  const columns: Column<UnmatchedGroup>[] = [
    {
      id: "text",
      name: t("rules.unmatched.text"),
      width: "minmax(160px, 3fr)",
      cell: (group) => (
        <span className={styles.group}>
          <bdi dir="auto" className={styles.said}>
            {group.text}
          </bdi>
          {can("rules.edit") && files.length > 0 && (
            <Button size="s" icon={<Sparkles size={14} aria-hidden />} onPress={() => setChosen(group)}>
              {t("rules.keyword.make")}
            </Button>
          )}
        </span>
      ),
    },
    {
      id: "messages",
      name: t("rules.try.messages"),
      width: "96px",
      align: "end",
      cell: ({ messages }) => number(messages),
    },
    {
      id: "people",
      name: t("rules.try.contacts"),
      width: "96px",
      align: "end",
      wide: true,
      cell: ({ people }) => number(people),
    },
    {
      id: "last",
      name: t("rules.unmatched.last"),
      width: "120px",
      wide: true,
      cell: ({ last_at }) => <Time at={last_at} />,
    },
  ];
  return (
    <>
      <p className={styles.about}>{t("rules.unmatched.about")}</p>
      <Loaded read={read}>
        {(groups) => (
          <Table
            label={t("rules.not_understood")}
            columns={columns}
            rows={groups}
            rowKey={({ normalised }) => normalised}
            tall
            empty={
              <Empty
                icon={MessageCircleQuestion}
                title={t("rules.unmatched.none")}
                text={t("rules.unmatched.none_text")}
              />
            }
          />
        )}
      </Loaded>
      {chosen && <MakeKeyword group={chosen} files={files} onClose={() => setChosen(null)} />}
    </>
  );
}

/** The rule that is made for the word. */
const NEW = "";

interface MakeProps {
  group: UnmatchedGroup;
  files: RuleFile[];
  onClose: () => void;
}

/** Which word, and for which rule; the rule then opens with the word in it, to be tried before it counts. */
function MakeKeyword({ group, files, onClose }: MakeProps) {
  const t = useText();
  const navigate = useNavigate();
  const [word, setWord] = useState(group.text.replace(/^[\s\p{P}]+|[\s\p{P}]+$/gu, ""));
  const choices = files.flatMap((file) => [
    ...(file.list ?? [])
      .filter((rule) => rule.on.some((kind) => kind === "whatsapp.message_received"))
      .map((rule) => ({
        id: `${file.flow}/${rule.rule}`,
        label: rule.name ?? rule.rule,
        detail: file.name ?? file.flow,
      })),
    { id: `${file.flow}/${NEW}`, label: t("rules.keyword.new_rule"), detail: file.name ?? file.flow },
  ]);
  const [target, setTarget] = useState(choices[0]?.id ?? "");
  const make = () => {
    const [file = "", rule = NEW] = target.split("/");
    void navigate({
      to: "/rules/$id",
      params: { id: file },
      search: { ...(rule === NEW ? {} : { rule }), keyword: word.trim() },
    });
  };
  const footer = (
    <>
      <Button onPress={onClose}>{t("ui.cancel")}</Button>
      <Button look="primary" isDisabled={word.trim() === ""} onPress={make}>
        {t("rules.keyword.open")}
      </Button>
    </>
  );
  return (
    <Dialog title={t("rules.keyword.make")} isOpen onClose={onClose} footer={footer}>
      <div className={styles.files}>
        <p className={styles.quiet}>
          <bdi dir="auto">{group.text}</bdi>
        </p>
        <TextField label={t("rules.keyword.word")} hint={t("rules.keyword.hint")} value={word} onChange={setWord} />
        <Select label={t("rules.keyword.rule")} choices={choices} value={target} onChange={setTarget} />
      </div>
    </Dialog>
  );
}
