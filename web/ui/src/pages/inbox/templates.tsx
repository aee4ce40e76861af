import { useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { type ChatDetail, type Template, type ToTemplate, templatesQuery } from "~/api/inbox";
import { useText } from "~/i18n";
import { languageName } from "~/i18n/format";
import { Button } from "~/ui/button";
import { Dialog } from "~/ui/dialog";
import { SearchField, TextField } from "~/ui/field";
import { Loaded } from "~/ui/page";
import { Chip } from "~/ui/status";
import styles from "./composer.module.css";

interface Props {
  chat: ChatDetail;
  onClose: () => void;
  onSend: (template: ToTemplate, shown: string) => void;
}

const keyOf = ({ name, language }: Template) => `${name} ${language}`;

/** The text of a template with what was filled in; what is not yet filled in keeps its name. */
export function filled({ body, params }: Template, values: string[]): string {
  return body.replace(/\{\{\s*([\w.]+)\s*\}\}/g, (mark: string, name: string) => {
    const named = params.indexOf(name);
    return values[named < 0 ? Number(name) - 1 : named] || mark;
  });
}

/** Templates of this channel, those in the customer's language first; what they leave open is filled in before. */
export default function Templates({ chat, onClose, onSend }: Props) {
  const t = useText();
  const read = useQuery(templatesQuery(chat.id));
  const [text, setText] = useState("");
  const [chosen, setChosen] = useState<Template | null>(null);
  const own = chat.contact.language?.split(/[-_]/)[0];
  const sorted = read.data
    ?.filter((one) => `${one.name} ${one.body}`.toLowerCase().includes(text.toLowerCase()))
    .toSorted(
      (one, other) => Number(other.language.startsWith(own ?? "?")) - Number(one.language.startsWith(own ?? "?")),
    );
  return (
    <Dialog title={t("inbox.template")} isOpen onClose={onClose}>
      {chosen ? (
        <Fill
          key={keyOf(chosen)}
          template={chosen}
          chat={chat}
          onBack={() => setChosen(null)}
          onSend={(params, shown) => {
            const named = Object.fromEntries(chosen.params.map((name, at) => [name, params[at] ?? ""]));
            onSend({ name: chosen.name, language: chosen.language, params: named }, shown);
            onClose();
          }}
        />
      ) : (
        <>
          <SearchField label={t("inbox.template_find")} value={text} onChange={setText} autoFocus />
          <Loaded read={{ ...read, data: sorted }}>
            {(templates) => (
              <ul className={styles.templates}>
                {templates.length === 0 && <li className={styles.quiet}>{t("inbox.template_none")}</li>}
                {templates.map((template) => (
                  <li key={keyOf(template)}>
                    <button type="button" className={styles.template} onClick={() => setChosen(template)}>
                      <span className={styles.bar}>
                        <bdi className={styles.name}>{template.name}</bdi>
                        <Chip>{languageName(template.language)}</Chip>
                      </span>
                      <span dir="auto" className={styles.quiet}>
                        {template.body}
                      </span>
                    </button>
                  </li>
                ))}
              </ul>
            )}
          </Loaded>
        </>
      )}
    </Dialog>
  );
}

interface FillProps {
  template: Template;
  chat: ChatDetail;
  onBack: () => void;
  onSend: (params: string[], shown: string) => void;
}

function Fill({ template, chat, onBack, onSend }: FillProps) {
  const t = useText();
  const first = (name: string) => (/name/i.test(name) ? (chat.contact.name?.split(" ")[0] ?? "") : "");
  const [values, setValues] = useState(() => template.params.map(first));
  const shown = filled(template, values);
  const send = (event: FormEvent) => {
    event.preventDefault();
    onSend(values, shown);
  };
  return (
    <form className={styles.fill} onSubmit={send}>
      {template.params.map((name, at) => (
        <TextField
          key={name}
          label={/^\d+$/.test(name) ? t("inbox.blank", { n: Number(name) }) : name}
          isRequired
          autoFocus={at === 0}
          value={values[at] ?? ""}
          onChange={(value) => setValues(values.with(at, value))}
        />
      ))}
      <p className={styles.shown} dir="auto">
        {shown}
      </p>
      <div className={styles.bar}>
        <Button onPress={onBack}>{t("ui.back")}</Button>
        <Button type="submit" look="primary">
          {t("inbox.template_send")}
        </Button>
      </div>
    </form>
  );
}
