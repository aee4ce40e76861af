import { useQuery } from "@tanstack/react-query";
import { Plus, Send, Trash2 } from "lucide-react";
import { type FormEvent, useState } from "react";
import { KINDS, LEVELS, type Level, type Policy, policyQuery, type Route, savePolicy, tryRoute } from "~/api/alarms";
import { ApiError } from "~/api/client";
import { connectionsQuery } from "~/api/connections";
import { queries } from "~/api/queries";
import { useCan } from "~/api/session";
import { useText } from "~/i18n";
import { Banner } from "~/ui/banner";
import { Button, IconButton } from "~/ui/button";
import { Checkbox, FieldSet, TextField } from "~/ui/field";
import { explain, Loaded } from "~/ui/page";
import { Select } from "~/ui/select";
import { toast, toastError } from "~/ui/toast";
import styles from "./alarms.module.css";

/** Who is told of alarms, through which channel, when not, and how often. */
export function PolicyTab() {
  const read = useQuery(policyQuery);
  return <Loaded read={read}>{(stored) => <Form key={stored.revision} stored={stored} />}</Loaded>;
}

function Form({ stored }: { stored: Policy & { revision: string } }) {
  const t = useText();
  const mayChange = useCan()("settings.manage");
  const { revision, ...given } = stored;
  const [policy, setPolicy] = useState<Policy>(given);
  const [error, setError] = useState<unknown>(null);
  const put = (part: Partial<Policy>) => setPolicy((old) => ({ ...old, ...part }));
  const save = async (event: FormEvent) => {
    event.preventDefault();
    setError(null);
    try {
      queries.setQueryData(policyQuery.queryKey, await savePolicy(policy, revision));
      toast(t("alarms.saved"));
    } catch (caught) {
      setError(caught);
      const changed = caught instanceof ApiError && caught.code === "changed";
      if (changed) await queries.invalidateQueries({ queryKey: policyQuery.queryKey });
    }
  };
  return (
    <form className={styles.form} onSubmit={save}>
      {error !== null && (
        <Banner tone="bad" reveal>
          {explain(error, t("error.offline"))}
        </Banner>
      )}
      {!mayChange && <Banner>{t("alarms.read_only")}</Banner>}
      <Routes routes={policy.routes} mayChange={mayChange} onChange={(routes) => put({ routes })} />
      <Times policy={policy} mayChange={mayChange} put={put} />
      <Kinds off={policy.off} mayChange={mayChange} onChange={(off) => put({ off })} />
      {mayChange && (
        <div>
          <Button type="submit" look="primary">
            {t("ui.save")}
          </Button>
        </div>
      )}
    </form>
  );
}

interface RoutesProps {
  routes: Route[];
  mayChange: boolean;
  onChange: (routes: Route[]) => void;
}

function Routes({ routes, mayChange, onChange }: RoutesProps) {
  const t = useText();
  const { data: connections = [] } = useQuery({ ...connectionsQuery, enabled: useCan()("figures.read") });
  const tellers = connections.filter(({ connector }) => connector?.startsWith("notify.")).map(({ id }) => id);
  const change = (at: number, part: Partial<Route>) =>
    onChange(routes.map((route, index) => (index === at ? { ...route, ...part } : route)));
  const first = tellers[0];
  return (
    <FieldSet legend={t("alarms.routes")}>
      <p className={styles.quiet}>{t(tellers.length === 0 ? "alarms.no_channels" : "alarms.routes_text")}</p>
      {routes.map((route, at) => (
        <One
          // biome-ignore lint/suspicious/noArrayIndexKey: routes have no id, and keep their order.
          key={at}
          route={route}
          tellers={tellers}
          mayChange={mayChange}
          onChange={(part) => change(at, part)}
          onRemove={() => onChange(routes.filter((_, index) => index !== at))}
        />
      ))}
      {mayChange && first && (
        <div>
          <Button
            icon={<Plus size={16} aria-hidden />}
            onPress={() => onChange([...routes, { level: "warning", connection: first, to: null }])}
          >
            {t("alarms.add_route")}
          </Button>
        </div>
      )}
    </FieldSet>
  );
}

interface OneProps {
  route: Route;
  tellers: string[];
  mayChange: boolean;
  onChange: (part: Partial<Route>) => void;
  onRemove: () => void;
}

function One({ route, tellers, mayChange, onChange, onRemove }: OneProps) {
  const t = useText();
  const [busy, setBusy] = useState(false);
  const known = tellers.includes(route.connection) ? tellers : [...tellers, route.connection];
  const attempt = async () => {
    setBusy(true);
    try {
      const { told, problem } = await tryRoute(route.connection, route.to || null);
      if (told) toast(t("alarms.tried"));
      else toastError(new Error(problem?.message ?? t("alarms.not_tried")));
    } catch (error) {
      toastError(error);
    }
    setBusy(false);
  };
  return (
    <div className={styles.route}>
      <Select
        label={t("alarms.from_level")}
        isDisabled={!mayChange}
        value={route.level}
        choices={LEVELS.map((id) => ({ id, label: t(`level.${id}`) }))}
        onChange={(level) => onChange({ level: level as Level })}
      />
      <Select
        label={t("alarms.channel")}
        isDisabled={!mayChange}
        value={route.connection}
        choices={known.map((id) => ({ id, label: id }))}
        onChange={(connection) => onChange({ connection })}
      />
      <TextField
        label={t("alarms.to")}
        placeholder={t("alarms.to_default")}
        mono
        isDisabled={!mayChange}
        value={route.to ?? ""}
        onChange={(to) => onChange({ to: to || null })}
      />
      {mayChange && (
        <span className={styles.routeActs}>
          <Button isDisabled={busy} icon={<Send size={16} aria-hidden />} onPress={() => void attempt()}>
            {t("alarms.try")}
          </Button>
          <IconButton
            label={t("alarms.remove_route", { name: route.connection })}
            icon={<Trash2 size={16} aria-hidden />}
            onPress={onRemove}
          />
        </span>
      )}
    </div>
  );
}

interface TimesProps {
  policy: Policy;
  mayChange: boolean;
  put: (part: Partial<Policy>) => void;
}

/** Fields of the policy that are whole numbers, with their least and most. */
const FIGURES = [
  ["repeat_minutes", 1, 1_440],
  ["most", 1, 100],
  ["down_minutes", 0, 1_440],
  ["disk_free_mb", 0, 10_000_000],
] as const;

function Times({ policy, mayChange, put }: TimesProps) {
  const t = useText();
  return (
    <FieldSet legend={t("alarms.times")}>
      <div className={styles.fields}>
        {FIGURES.map(([name, least, most]) => (
          <Figure
            key={name}
            label={t(`alarm_field.${name}`)}
            hint={t(`alarm_hint.${name}`)}
            isDisabled={!mayChange}
            value={policy[name]}
            least={least}
            most={most}
            onChange={(value) => put({ [name]: value })}
          />
        ))}
        <TextField
          label={t("alarm_field.working_hours")}
          hint={t("alarm_hint.working_hours")}
          mono
          isDisabled={!mayChange}
          value={policy.working_hours ?? ""}
          onChange={(calendar) => put({ working_hours: calendar || null })}
        />
        <TextField
          label={t("alarm_field.flows")}
          hint={t("alarm_hint.flows")}
          mono
          isDisabled={!mayChange}
          defaultValue={policy.flows.join(", ")}
          onChange={(ids) => put({ flows: [...new Set(ids.split(/[\s,،，]+/u).filter(Boolean))].sort() })}
        />
      </div>
    </FieldSet>
  );
}

interface FigureProps {
  label: string;
  hint: string;
  isDisabled: boolean;
  value: number;
  least: number;
  most: number;
  onChange: (value: number) => void;
}

/** A whole number; what is typed meanwhile may be none. */
function Figure({ value, least, most, onChange, ...rest }: FigureProps) {
  const [text, setText] = useState(String(value));
  const read = (typed: string) => {
    setText(typed);
    const figure = Math.round(Number(typed));
    if (typed !== "" && Number.isFinite(figure)) onChange(Math.min(most, Math.max(least, figure)));
  };
  return (
    <TextField
      {...rest}
      type="number"
      inputMode="numeric"
      value={text}
      onChange={read}
      onBlur={() => setText(String(value))}
    />
  );
}

interface KindsProps {
  off: string[];
  mayChange: boolean;
  onChange: (off: string[]) => void;
}

function Kinds({ off, mayChange, onChange }: KindsProps) {
  const t = useText();
  return (
    <FieldSet legend={t("alarms.kinds")}>
      <div className={styles.fields}>
        {KINDS.map((kind) => (
          <Checkbox
            key={kind}
            isDisabled={!mayChange}
            isSelected={!off.includes(kind)}
            onChange={(on) => onChange(on ? off.filter((one) => one !== kind) : [...off, kind])}
          >
            {t(`alarm_name.${kind}`)}
          </Checkbox>
        ))}
      </div>
    </FieldSet>
  );
}
