import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Check, X } from "lucide-react";
import { useState } from "react";
import { labelsQuery, type Measured, markMessage, measure, offeredQuery } from "~/api/labels";
import { queries } from "~/api/queries";
import type { MarkedMessage, MessageToMark } from "~/api/types";
import { useText } from "~/i18n";
import { languageName, number, percent } from "~/i18n/format";
import { Banner } from "~/ui/banner";
import { Button, IconButton } from "~/ui/button";
import { Loaded } from "~/ui/page";
import { Skeleton } from "~/ui/skeleton";
import { Chip } from "~/ui/status";
import { toastError } from "~/ui/toast";
import styles from "./book.module.css";
import { useBookTexts } from "./texts";

interface Props {
  /** The file of rules. */
  id: string;
  /** Its text, as it is edited. */
  text: string;
}

/** How often the rules are right on messages that people marked, and more messages to mark. */
export default function Labels({ id, text }: Props) {
  const ready = useBookTexts();
  if (!ready) return <Skeleton lines={6} />;
  return (
    <div className={styles.form}>
      <Accuracy id={id} text={text} />
      <Offered id={id} />
      <Marked />
    </div>
  );
}

function Accuracy({ id, text }: Props) {
  const t = useText();
  const [measured, setMeasured] = useState<(Measured & { of: string }) | null>(null);
  const [busy, setBusy] = useState(false);
  const go = async () => {
    setBusy(true);
    try {
      setMeasured({ ...(await measure(id, text)), of: text });
    } catch (error) {
      toastError(error);
    }
    setBusy(false);
  };
  return (
    <section aria-label={t("book.accuracy")} className={styles.form}>
      <p className={styles.quiet}>{t("book.accuracy_about")}</p>
      <div>
        <Button look={measured?.of === text ? "quiet" : "primary"} isDisabled={busy} onPress={go}>
          {t("book.measure")}
        </Button>
      </div>
      {measured && <Outcome measured={measured} />}
    </section>
  );
}

function Outcome({ measured }: { measured: Measured }) {
  const t = useText();
  const renamed = Object.entries(measured.renamed);
  return (
    <>
      {renamed.map(([from, to]) => (
        <p key={from}>{t("book.measured_as", { from, to })}</p>
      ))}
      {measured.messages > 0 ? <Figures measured={measured} /> : <p>{t("book.nothing_marked")}</p>}
      {measured.left_out.length > 0 && <LeftOut marks={measured.left_out} />}
    </>
  );
}

/** Marks that say nothing of this text, and why: nobody shall take them for measured. */
function LeftOut({ marks }: { marks: Measured["left_out"] }) {
  const t = useText();
  return (
    <Banner tone="warn">
      <h2>{t("book.left_out")}</h2>
      <ul>
        {marks.map(({ tag, messages, why }) => (
          <li key={tag}>{t(`book.left_out.${why}`, { tag, n: messages })}</li>
        ))}
      </ul>
      {marks.some(({ why }) => why !== "watched") && (
        <Link to="/rules" search={{ tab: "tags" }}>
          {t("book.to_dictionary")}
        </Link>
      )}
    </Banner>
  );
}

function Figures({ measured }: { measured: Measured }) {
  const t = useText();
  const rows = [
    ...measured.languages.map(({ language, draft, now }) => ({
      key: `language ${language}`,
      name: language === "*" ? t("book.all_languages") : language ? languageName(language) : t("book.no_language"),
      draft,
      now,
    })),
    ...measured.rules.map(({ rule, draft, now }) => ({ key: `rule ${rule}`, name: rule, draft, now })),
  ];
  return (
    <div className={styles.scroll}>
      <table className={styles.figures}>
        <caption>{t("book.measured_on", { n: measured.messages })}</caption>
        <thead>
          <tr>
            <th scope="col">{t("book.where")}</th>
            <th scope="col">{t("book.precision")}</th>
            <th scope="col">{t("book.recall")}</th>
            <th scope="col">{t("book.wrong")}</th>
            <th scope="col">{t("book.missed")}</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({ key, name, draft, now }) => (
            <tr key={key}>
              <th scope="row">
                <bdi>{name}</bdi>
              </th>
              <Pair draft={share(draft.precision)} now={now && share(now.precision)} />
              <Pair draft={share(draft.recall)} now={now && share(now.recall)} />
              <Pair draft={number(draft.wrong)} now={now && number(now.wrong)} />
              <Pair draft={number(draft.missed)} now={now && number(now.missed)} />
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

const share = (value: number | null) => (value === null ? "–" : percent(value));

/** The text as it is edited, and beside it the rules in force where they differ. */
function Pair({ draft, now }: { draft: string; now: string | null }) {
  const t = useText();
  return (
    <td>
      {draft}
      {now !== null && now !== draft && <span className={styles.quiet}> {t("book.now", { value: now })}</span>}
    </td>
  );
}

function Offered({ id }: { id: string }) {
  const t = useText();
  const read = useQuery(offeredQuery(id));
  return (
    <section aria-label={t("book.to_mark")}>
      <h2>{t("book.to_mark")}</h2>
      <Loaded read={read}>
        {({ messages, tags }) =>
          messages.length === 0 ? (
            <p className={styles.quiet}>{t("book.no_messages")}</p>
          ) : (
            <ul className={styles.marks}>
              {messages.map((message) => (
                <ToMark key={message.event} message={message} tags={tags} />
              ))}
            </ul>
          )
        }
      </Loaded>
    </section>
  );
}

async function put(event: string, tags: Record<string, boolean>): Promise<void> {
  try {
    await markMessage(event, tags);
    await Promise.all([
      queries.invalidateQueries({ queryKey: labelsQuery.queryKey }),
      queries.invalidateQueries({ queryKey: ["labels", "offered"] }),
    ]);
  } catch (error) {
    toastError(error);
  }
}

/** A message: what the rules give for it is taken for right until somebody says otherwise. */
function ToMark({ message, tags }: { message: MessageToMark; tags: string[] }) {
  const t = useText();
  const [said, setSaid] = useState<Record<string, boolean>>({});
  const wanted = (tag: string) => said[tag] ?? message.gives.includes(tag);
  return (
    <li>
      <p dir="auto" className={styles.message}>
        {message.text}
      </p>
      <fieldset className={styles.changes}>
        <legend className="hidden">{t("book.should_get")}</legend>
        {tags.map((tag) => (
          <label key={tag} className={styles.choice}>
            <input
              type="checkbox"
              checked={wanted(tag)}
              onChange={({ target }) => setSaid({ ...said, [tag]: target.checked })}
            />
            <bdi>{tag}</bdi>
            {message.gives.includes(tag) && <span className={styles.quiet}>{t("book.given")}</span>}
          </label>
        ))}
      </fieldset>
      <div>
        <Button
          size="s"
          icon={<Check size={14} aria-hidden />}
          onPress={() => put(message.event, Object.fromEntries(tags.map((tag) => [tag, wanted(tag)])))}
        >
          {t("book.mark")}
        </Button>
      </div>
    </li>
  );
}

function Marked() {
  const t = useText();
  const read = useQuery(labelsQuery);
  const labels = read.data?.labels ?? [];
  if (labels.length === 0) return null;
  return (
    <details className={styles.refusals}>
      <summary>{t("book.marked", { n: labels.length, most: number(read.data?.most ?? 0) })}</summary>
      <ul className={styles.marks}>
        {labels.map((label) => (
          <MarkedRow key={label.event} label={label} />
        ))}
      </ul>
    </details>
  );
}

function MarkedRow({ label }: { label: MarkedMessage }) {
  const t = useText();
  return (
    <li className={styles.marked}>
      <p dir="auto" className={styles.message}>
        {label.text}
      </p>
      <span className={styles.changes}>
        {Object.entries(label.tags).map(([tag, wanted]) => (
          <Chip key={tag}>
            {wanted ? "+" : "−"} {tag}
          </Chip>
        ))}
      </span>
      <IconButton
        size="s"
        label={t("book.unmark")}
        icon={<X size={14} aria-hidden />}
        onPress={() => put(label.event, {})}
      />
    </li>
  );
}
