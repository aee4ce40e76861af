//! A rule in force applied to contacts who are there already: whom it changes is shown first, and no flow starts.

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { useText } from "~/i18n";
import { Banner } from "~/ui/banner";
import { Button } from "~/ui/button";
import { Dialog } from "~/ui/dialog";
import { Select } from "~/ui/select";
import { Skeleton } from "~/ui/skeleton";
import { Time, useNow } from "~/ui/time";
import { toast } from "~/ui/toast";
import { applyRule, previewApply, type TagChange, tagChanges } from "./api";
import type { RuleView } from "./model";
import styles from "./rules.module.css";
import { ruleName, Then } from "./sentence";
import { useSpans } from "./try";

interface Props {
  id: string;
  rule: RuleView;
  /** Whether the text says something else of the rule than what is in force. */
  changed: boolean;
  onClose: () => void;
}

export function ApplyRule({ id, rule, changed, onClose }: Props) {
  const t = useText();
  const client = useQueryClient();
  const spans = useSpans();
  const [days, setDays] = useState<number | null>(30);
  const { data, error } = useQuery({
    queryKey: ["apply", id, rule.id, days],
    queryFn: () => previewApply(id, rule.id, days),
    gcTime: 0,
    retry: false,
  });
  const apply = useMutation({
    mutationFn: () => applyRule(id, rule.id, days),
    onSuccess: ({ contacts }) => {
      void client.invalidateQueries({ queryKey: ["changes", id] });
      toast(t("rules.apply.begun", { rule: ruleName(rule), n: contacts }));
      onClose();
    },
  });
  const names = new Map(data?.people.map(({ contact, name }) => [contact, name]));
  const footer = (
    <>
      <Button onPress={onClose}>{t("ui.cancel")}</Button>
      <Button
        look="primary"
        isDisabled={!data || data.contacts === 0 || apply.isPending}
        onPress={() => apply.mutate()}
      >
        {t("rules.apply.do", { n: data?.contacts ?? 0 })}
      </Button>
    </>
  );
  return (
    <Dialog title={t("rules.apply.title", { rule: ruleName(rule) })} isOpen onClose={onClose} footer={footer}>
      <div className={styles.undo}>
        <p>{t("rules.apply.text")}</p>
        <Then rule={rule} />
        {changed && <Banner tone="warn">{t("rules.apply.changed")}</Banner>}
        <Select
          label={t("rules.try.span")}
          choices={spans}
          value={days === null ? "all" : String(days)}
          onChange={(next) => setDays(next === "all" ? null : Number(next))}
        />
        {(error || apply.error) && <Banner tone="bad">{(error ?? apply.error)?.message}</Banner>}
        {!data && !error && <Skeleton lines={3} />}
        {data && (
          <>
            <p role="status">
              <strong>{t("rules.apply.contacts", { n: data.contacts })}</strong>{" "}
              <span className={styles.quiet}>{t("rules.apply.have", { n: data.have })}</span>
            </p>
            <ul className={styles.given}>
              {data.examples.map(({ contact, text, at }) => (
                <li key={contact}>
                  <Link to="/contacts/$who" params={{ who: contact }}>
                    <bdi>{names.get(contact) ?? t("ui.nameless")}</bdi>
                  </Link>
                  {": "}
                  <bdi dir="auto">{text || t("rules.try.no_text")}</bdi>{" "}
                  <span className={styles.quiet}>
                    <Time at={at} />
                  </span>
                </li>
              ))}
            </ul>
          </>
        )}
      </div>
    </Dialog>
  );
}

/** How often a running operation is looked at. */
const LOOK_MS = 1_000;
/** How long one that ended is told. */
const RECENT_MS = 600_000;

/** Operations under way, and the last one when it has just ended. */
export function Running({ id }: { id: string }) {
  const t = useText();
  const { data } = useQuery({
    queryKey: ["changes", id],
    queryFn: () => tagChanges(id),
    refetchInterval: ({ state }) => (state.data?.changes.some(({ ended_at }) => !ended_at) ? LOOK_MS : false),
  });
  const now = useNow();
  const open = data?.changes.filter(({ ended_at }) => !ended_at) ?? [];
  const recent = (change: TagChange) => now.getTime() - new Date(change.ended_at ?? "").getTime() < RECENT_MS;
  const shown = open.length > 0 ? open : (data?.changes.slice(0, 1).filter(recent) ?? []);
  if (shown.length === 0) return null;
  const words = (change: TagChange) => {
    const values = { rule: change.rule, done: change.done, total: change.total, changed: change.changed };
    if (!change.ended_at) return t(`rules.change.${change.what}`, values);
    return t(`rules.changed.${change.what}`, values);
  };
  return (
    <span className={styles.running} role="status">
      {shown.map((change) => (
        <span key={change.id}>{words(change)}</span>
      ))}
    </span>
  );
}
