import { useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { escalate, teamsQuery } from "~/api/desk";
import { type Chat, makeTicket, startableQuery, startFlow } from "~/api/inbox";
import { useText } from "~/i18n";
import { Banner } from "~/ui/banner";
import { Button } from "~/ui/button";
import { Dialog } from "~/ui/dialog";
import { TextArea, TextField } from "~/ui/field";
import { explain } from "~/ui/page";
import { Pick } from "~/ui/pick";
import { toast } from "~/ui/toast";
import styles from "./composer.module.css";
import type { Action } from "./more";

interface Props {
  chat: Chat;
  action: Action;
  onClose: () => void;
}

/** Starting a flow, making a ticket, asking a team: one form each. */
export default function Actions({ chat, action, onClose }: Props) {
  const t = useText();
  const { data: flows = [] } = useQuery({ ...startableQuery(chat.id), enabled: action === "flow" });
  const { data: teams } = useQuery(teamsQuery);
  const [error, setError] = useState<unknown>(null);
  const [chosen, setChosen] = useState("");
  const [subject, setSubject] = useState("");
  const [text, setText] = useState("");
  const choices = action === "flow" ? flows : (teams?.teams ?? []);
  const value = chosen || choices[0]?.id || "";
  const act = {
    flow: () => startFlow(chat.id, value),
    ticket: () => makeTicket(chat.id, subject, text),
    escalate: () => escalate(chat.id, value, text),
  };
  const send = async (event: FormEvent) => {
    event.preventDefault();
    setError(null);
    try {
      await act[action]();
      toast(t(`inbox_done.${action}`));
      onClose();
    } catch (caught) {
      setError(caught);
    }
  };
  const title = t({ flow: "inbox.flow_start", ticket: "inbox.ticket", escalate: "inbox.escalate" }[action]);
  return (
    <Dialog title={title} isOpen onClose={onClose}>
      <form className={styles.fill} onSubmit={send}>
        {error !== null && <Banner tone="bad">{explain(error, t("error.offline"))}</Banner>}
        {action === "ticket" ? (
          <TextField label={t("inbox.subject")} isRequired autoFocus value={subject} onChange={setSubject} />
        ) : (
          <Pick label={t(action === "flow" ? "inbox.flow" : "inbox.team")} value={value} onChange={setChosen}>
            {choices.map(({ id, name }) => (
              <option key={id} value={id}>
                {name ?? id}
              </option>
            ))}
          </Pick>
        )}
        {action !== "flow" && (
          <TextArea
            label={t(action === "ticket" ? "inbox.ticket_text" : "inbox.why")}
            isRequired={action === "escalate"}
            value={text}
            onChange={setText}
          />
        )}
        <div>
          <Button type="submit" look="primary">
            {title}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
