import { useQuery } from "@tanstack/react-query";
import { ArrowUpDown } from "lucide-react";
import { useState } from "react";
import { merge, mergePreviewQuery, type Pair, part, refreshContacts } from "~/api/book";
import type { DuplicateGroup, Json, MergePreview } from "~/api/types";
import { useText } from "~/i18n";
import { Banner } from "~/ui/banner";
import { Button } from "~/ui/button";
import { Loaded } from "~/ui/page";
import { PersonName, Phone } from "~/ui/person";
import { Chip } from "~/ui/status";
import { toast, toastError } from "~/ui/toast";
import styles from "./book.module.css";
import own from "./duplicates.module.css";

/** Values of which one of the two is chosen; the others follow rules of their own. */
const CHOSEN = /^(name|language|priority|order_status|fields\..+)$/;

interface Props {
  pair: Pair;
  people: DuplicateGroup["contacts"];
  swap: () => void;
  onDone: () => void;
}

/** Two contacts side by side: which one stays, which values win, and what becomes of what runs. */
export function MergeForm({ pair, people, swap, onDone }: Props) {
  const t = useText();
  const preview = useQuery(mergePreviewQuery(pair));
  const [theirs, setTheirs] = useState<ReadonlySet<string>>(new Set());
  const [busy, setBusy] = useState(false);
  const stays = people.find(({ id }) => id === pair.stays);
  const joins = people.find(({ id }) => id === pair.joins);
  const choose = (name: string, other: boolean) => {
    const next = new Set(theirs);
    if (other) next.add(name);
    else next.delete(name);
    setTheirs(next);
  };
  const go = async () => {
    setBusy(true);
    try {
      const { id } = await merge(pair, [...theirs]);
      await refreshContacts();
      toast(t("book.now_one"), () => void part(id).then(refreshContacts, toastError));
      onDone();
    } catch (error) {
      toastError(error);
    }
    setBusy(false);
  };
  return (
    <>
      <div className={own.pair}>
        <dl>
          <dt>{t("book.stays")}</dt>
          <dd>{stays && <PersonName name={stays.name} phone={stays.phone} />}</dd>
          <dd>{stays?.phone && <Phone number={stays.phone} />}</dd>
        </dl>
        <Button icon={<ArrowUpDown size={16} aria-hidden />} onPress={swap}>
          {t("book.swap")}
        </Button>
        <dl>
          <dt>{t("book.joins")}</dt>
          <dd>{joins && <PersonName name={joins.name} phone={joins.phone} />}</dd>
          <dd>{joins?.phone && <Phone number={joins.phone} />}</dd>
        </dl>
      </div>
      <Loaded read={preview}>
        {(found) => (
          <>
            <Differences found={found} theirs={theirs} choose={choose} />
            <What found={found} />
          </>
        )}
      </Loaded>
      <div>
        <Button look="primary" isDisabled={busy || !preview.data} onPress={go}>
          {t("book.merge")}
        </Button>
      </div>
    </>
  );
}

interface DifferencesProps {
  found: MergePreview;
  theirs: ReadonlySet<string>;
  choose: (name: string, other: boolean) => void;
}

function Differences({ found, theirs, choose }: DifferencesProps) {
  const t = useText();
  const open = found.differences.filter(({ name, stays }) => CHOSEN.test(name) && stays !== null && stays !== "");
  if (open.length === 0) return null;
  return (
    <section aria-label={t("book.differences")}>
      <h3>{t("book.differences")}</h3>
      <ul className={own.differences}>
        {open.map(({ name, stays, joins }) => (
          <li key={name}>
            <fieldset>
              <legend>{name.startsWith("fields.") ? <bdi>{name.slice(7)}</bdi> : t(`book.to.${name}`)}</legend>
              {[
                { other: false, value: stays },
                { other: true, value: joins },
              ].map(({ other, value }) => (
                <label key={String(other)}>
                  <input
                    type="radio"
                    name={name}
                    checked={theirs.has(name) === other}
                    onChange={() => choose(name, other)}
                  />
                  <bdi>{words(value)}</bdi>
                </label>
              ))}
            </fieldset>
          </li>
        ))}
      </ul>
    </section>
  );
}

const words = (value: Json) => (typeof value === "string" ? value : JSON.stringify(value));

/** What goes to the one that stays, and what does not. */
function What({ found }: { found: MergePreview }) {
  const t = useText();
  const refused = found.differences.filter(
    ({ name, stays, joins }) => name.startsWith("consent.") && (stays === false || joins === false),
  );
  return (
    <>
      <p>{t("book.moves", { n: found.conversations })}</p>
      {found.tags.length > 0 && (
        <p className={styles.changes}>
          {t("book.gets_tags")}
          {found.tags.map((tag) => (
            <Chip key={tag}>{tag}</Chip>
          ))}
        </p>
      )}
      {refused.length > 0 && <Banner>{t("book.refusal_wins")}</Banner>}
      {found.runs.length > 0 && (
        <Banner tone="warn">
          {t("book.runs_end", { n: found.runs.length })} {[...new Set(found.runs.map(({ flow }) => flow))].join(", ")}
        </Banner>
      )}
      <p className={styles.quiet}>{t("book.undo_30")}</p>
    </>
  );
}
