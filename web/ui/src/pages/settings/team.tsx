import { useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { connectionsQuery } from "~/api/connections";
import {
  deskQuery,
  type Member,
  OWNER_TO_CRM,
  type OwnerToCrm,
  removeTeam,
  type StoredTeam,
  saveTeam,
  type Team,
} from "~/api/desk";
import { queries } from "~/api/queries";
import { useCan } from "~/api/session";
import { usersQuery } from "~/api/settings";
import { useText } from "~/i18n";
import { languageName } from "~/i18n/format";
import { LOCALES } from "~/i18n/locales";
import { Banner } from "~/ui/banner";
import { Button } from "~/ui/button";
import { Confirm, Dialog } from "~/ui/dialog";
import { Checkbox, FieldSet, Switch, TextArea, TextField } from "~/ui/field";
import { explain } from "~/ui/page";
import { Pick } from "~/ui/pick";
import { toast, toastError } from "~/ui/toast";
import { UsedBy } from "~/uses";
import styles from "./settings.module.css";
import { slug, words } from "./words";

/** What a team has that nobody set: the ladder of the design. */
const FRESH: Team = {
  name: "",
  members: [],
  calendar: null,
  first_ms: 8_000,
  second_ms: 6_000,
  accept_within_ms: 20_000,
  lead_within_ms: 900_000,
  silent_ms: 60_000,
  wrap_up_ms: 15_000,
  load_limit: 6,
  fallback: [],
  away_text: {},
  call_back: true,
  call_back_ticket: true,
  call_back_crm: null,
  owner_to_crm: "leads",
};

type Put = (part: Partial<Team>) => void;

/** Makes a team, or changes one. */
export function TeamDialog({ team, onClose }: { team: StoredTeam | null; onClose: () => void }) {
  const t = useText();
  const { id: known, revision, ...given } = team ?? { ...FRESH, id: "", revision: "0" };
  const [id, setId] = useState<string | null>(null);
  const [draft, setDraft] = useState<Team>(given);
  const [error, setError] = useState<unknown>(null);
  const [removing, setRemoving] = useState(false);
  const reads = useCan()("flows.read");
  const put: Put = (part) => setDraft((old) => ({ ...old, ...part }));
  const done = async (text: string) => {
    toast(text);
    await Promise.all([
      queries.invalidateQueries({ queryKey: ["teams"] }),
      queries.invalidateQueries({ queryKey: ["desk"] }),
    ]);
    onClose();
  };
  const save = async (event: FormEvent) => {
    event.preventDefault();
    setError(null);
    try {
      await saveTeam(known || (id ?? slug(draft.name)), draft, revision);
      await done(t("me.saved"));
    } catch (caught) {
      setError(caught);
    }
  };
  const footer = (
    <>
      {team && (
        <Button look="danger" onPress={() => setRemoving(true)}>
          {t("ui.delete")}
        </Button>
      )}
      <Button type="submit" form="team" look="primary">
        {t("ui.save")}
      </Button>
    </>
  );
  return (
    <Dialog title={team ? team.name : t("teams.new")} shape="wide" isOpen onClose={onClose} footer={footer}>
      <form id="team" className={styles.form} onSubmit={save}>
        {error !== null && (
          <Banner tone="bad" reveal>
            {explain(error, t("error.offline"))}
          </Banner>
        )}
        <div className={styles.pair}>
          <TextField label={t("teams.name")} isRequired value={draft.name} onChange={(name) => put({ name })} />
          <TextField
            label={t("teams.id")}
            hint={t("teams.id_hint")}
            mono
            isRequired
            isDisabled={team !== null}
            pattern="[a-z0-9]+(-[a-z0-9]+)*"
            value={known || (id ?? slug(draft.name))}
            onChange={setId}
          />
        </div>
        <Members members={draft.members} onChange={(members) => put({ members })} />
        <Ladder team={draft} put={put} />
        <NobodyThere team={draft} put={put} />
        <InCrm team={draft} put={put} />
      </form>
      <Confirm
        title={t("teams.remove_title", { name: draft.name })}
        text={
          <>
            <p>{t("teams.remove_text")}</p>
            {reads && <UsedBy kind="team" name={known} />}
          </>
        }
        action={t("ui.delete")}
        danger
        isOpen={removing}
        onClose={() => setRemoving(false)}
        onConfirm={() => removeTeam(known, revision).then(() => done(t("teams.removed")), toastError)}
      />
    </Dialog>
  );
}

/** People who may be members: all who work here, or, for a lead, those who are agents already. */
function usePeople() {
  const all = useCan()("users.manage");
  const users = useQuery({ ...usersQuery, enabled: all });
  const desk = useQuery({ ...deskQuery, enabled: !all });
  return users.data ?? desk.data?.agents.map(({ user }) => user) ?? [];
}

function Members({ members, onChange }: { members: Member[]; onChange: (members: Member[]) => void }) {
  const t = useText();
  const people = usePeople();
  const change = (user: string, part: Partial<Member>) =>
    onChange(members.map((member) => (member.user === user ? { ...member, ...part } : member)));
  const turn = (user: string, on: boolean) =>
    onChange(on ? [...members, { user, skills: [], languages: [] }] : members.filter((member) => member.user !== user));
  return (
    <FieldSet legend={t("teams.members")}>
      {people.map(({ id, name }) => {
        const member = members.find(({ user }) => user === id);
        return (
          <div key={id} className={styles.member}>
            <Checkbox isSelected={member !== undefined} onChange={(on) => turn(id, on)}>
              <bdi>{name}</bdi>
            </Checkbox>
            {member && (
              <TextField
                compact
                label={t("teams.skills_here", { name })}
                placeholder={t("teams.skills")}
                defaultValue={member.skills.join(", ")}
                onChange={(text) => change(id, { skills: words(text) })}
              />
            )}
          </div>
        );
      })}
    </FieldSet>
  );
}

interface PartProps {
  team: Team;
  put: Put;
}

/** A length in seconds; empty is none. */
function Seconds({ label, ms, onChange }: { label: string; ms: number; onChange: (ms: number) => void }) {
  return (
    <TextField
      label={label}
      type="number"
      inputMode="numeric"
      value={String(ms / 1_000)}
      onChange={(seconds) => onChange(Math.max(0, Math.round(Number(seconds) * 1_000)))}
    />
  );
}

function Ladder({ team, put }: PartProps) {
  const t = useText();
  return (
    <FieldSet legend={t("teams.ladder")}>
      <p className={styles.quiet}>{t("teams.ladder_text")}</p>
      <div className={styles.fields}>
        <Seconds label={t("teams.first")} ms={team.first_ms} onChange={(ms) => put({ first_ms: ms })} />
        <Seconds label={t("teams.second")} ms={team.second_ms} onChange={(ms) => put({ second_ms: ms })} />
        <Seconds
          label={t("teams.accept_within_s")}
          ms={team.accept_within_ms}
          onChange={(ms) => put({ accept_within_ms: ms })}
        />
        {team.silent_ms !== undefined && (
          <Seconds label={t("teams.silent")} ms={team.silent_ms} onChange={(ms) => put({ silent_ms: ms })} />
        )}
        {team.lead_within_ms !== undefined && (
          <TextField
            label={t("teams.lead_within")}
            type="number"
            value={String(team.lead_within_ms / 60_000)}
            onChange={(minutes) => put({ lead_within_ms: Math.max(0, Math.round(Number(minutes) * 60_000)) })}
          />
        )}
        <Seconds label={t("teams.wrap_up")} ms={team.wrap_up_ms} onChange={(ms) => put({ wrap_up_ms: ms })} />
        <TextField
          label={t("teams.load_limit")}
          type="number"
          value={String(team.load_limit)}
          onChange={(limit) => put({ load_limit: Math.max(1, Math.round(Number(limit))) })}
        />
        <TextField
          label={t("teams.calendar")}
          hint={t("teams.calendar_hint")}
          mono
          value={team.calendar ?? ""}
          onChange={(calendar) => put({ calendar: calendar || null })}
        />
      </div>
    </FieldSet>
  );
}

function NobodyThere({ team, put }: PartProps) {
  const t = useText();
  const { data: connections = [] } = useQuery({ ...connectionsQuery, enabled: useCan()("figures.read") });
  const turn = (id: string, on: boolean) =>
    put({ fallback: on ? [...team.fallback, id] : team.fallback.filter((one) => one !== id) });
  return (
    <>
      <FieldSet legend={t("teams.fallback")}>
        <p className={styles.quiet}>{t("teams.fallback_text")}</p>
        <div className={styles.fields}>
          {connections.map(({ id }) => (
            <Checkbox key={id} isSelected={team.fallback.includes(id)} onChange={(on) => turn(id, on)}>
              <bdi>{id}</bdi>
            </Checkbox>
          ))}
        </div>
      </FieldSet>
      <FieldSet legend={t("teams.away_text")}>
        <p className={styles.quiet}>{t("teams.away_text_hint")}</p>
        <div className={styles.pair}>
          {Object.keys(LOCALES).map((language) => (
            <TextArea
              key={language}
              label={languageName(language)}
              rows={2}
              value={team.away_text[language] ?? ""}
              onChange={(text) => {
                const { [language]: _, ...rest } = team.away_text;
                put({ away_text: text === "" ? rest : { ...rest, [language]: text } });
              }}
            />
          ))}
        </div>
        <Switch isSelected={team.call_back} onChange={(call_back) => put({ call_back })}>
          {t("teams.call_back")}
        </Switch>
      </FieldSet>
    </>
  );
}

/** What the CRM hears of the team's work. */
function InCrm({ team, put }: PartProps) {
  const t = useText();
  const { data: connections = [] } = useQuery({ ...connectionsQuery, enabled: useCan()("figures.read") });
  const known = connections.map(({ id }) => id);
  const named = team.call_back_crm;
  return (
    <FieldSet legend={t("teams.crm")}>
      <Switch
        isDisabled={!team.call_back}
        isSelected={team.call_back && team.call_back_ticket}
        onChange={(call_back_ticket) => put({ call_back_ticket })}
      >
        {t("teams.call_back_ticket")}
      </Switch>
      <div className={styles.fields}>
        <Pick
          label={t("teams.call_back_crm")}
          isDisabled={!(team.call_back && team.call_back_ticket)}
          value={named ?? ""}
          onChange={(id) => put({ call_back_crm: id || null })}
        >
          <option value="">{t("teams.crm_default")}</option>
          {(named === null || known.includes(named) ? known : [named, ...known]).map((id) => (
            <option key={id} value={id}>
              {id}
            </option>
          ))}
        </Pick>
        <Pick
          label={t("teams.owner_to_crm")}
          value={team.owner_to_crm}
          onChange={(value) => put({ owner_to_crm: value as OwnerToCrm })}
        >
          {OWNER_TO_CRM.map((one) => (
            <option key={one} value={one}>
              {t(`owner_to_crm.${one}`)}
            </option>
          ))}
        </Pick>
      </div>
    </FieldSet>
  );
}
