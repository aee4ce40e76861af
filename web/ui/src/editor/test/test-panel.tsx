//! A flow is tried here in virtual time; nobody is called and nothing is sent.

import { useMutation, useQuery } from "@tanstack/react-query";
import { ChevronsRight, FastForward, Play, SkipForward, X } from "lucide-react";
import { useEffect, useState } from "react";
import { useText } from "~/i18n";
import { Banner } from "~/ui/banner";
import { Button, IconButton } from "~/ui/button";
import { TextField } from "~/ui/field";
import { Tabs } from "~/ui/tabs";
import { toast, toastError } from "~/ui/toast";
import { insertItems, snippetOf } from "~/yaml";
import { catalogQuery, type Simulation, simulate } from "../api";
import { parseDuration } from "../model/duration";
import { FLOW_KEYS } from "../model/verbs";
import { edit, goTo, useEditor, useEditorStore } from "../state/editor";
import { Phone } from "./phone";
import { SavedTests } from "./saved-tests";
import { asked, asTest, freshScenario, isReady, nextStop, painted, type Scenario } from "./scenario";
import { ScenarioForm } from "./scenario-form";
import styles from "./test.module.css";
import { Timeline } from "./timeline";
import { sentenceInWords } from "./words";

export function TestPanel({ isFlow, onClose }: { isFlow: boolean; onClose: () => void }) {
  const t = useText();
  const store = useEditorStore();
  const { data: catalog } = useQuery(catalogQuery);
  const [tab, setTab] = useState(isFlow ? "try" : "saved");
  useEffect(() => () => store.setState({ painted: null }), [store]);
  const tabs = [
    ...(isFlow ? [{ id: "try", label: t("editor.try"), content: catalog ? <Try /> : null }] : []),
    { id: "saved", label: t("editor.tests"), content: <SavedTests /> },
  ];
  return (
    <section className={styles.panel} aria-label={t("editor.test")}>
      <span className={styles.close}>
        <IconButton size="s" label={t("ui.close")} icon={<X size={16} aria-hidden />} onPress={onClose} />
      </span>
      <Tabs label={t("editor.test")} tabs={tabs} selected={tab} onSelect={setTab} />
    </section>
  );
}

function Try() {
  const t = useText();
  const store = useEditorStore();
  const { data: catalog } = useQuery(catalogQuery);
  const picture = useEditor((state) => state.picture);
  const text = useEditor((state) => state.source.text);
  const [scenario, setScenario] = useState<Scenario>(() => freshScenario(picture, catalog, new Date()));
  const [head, setHead] = useState(0);
  const run = useMutation({
    mutationFn: (what: Scenario) => simulate(asked(what, text)),
    onSuccess: (simulation) => move(simulation, simulation.timeline.length - 1),
    onError: toastError,
  });
  const simulation = run.data;
  const move = (of: Simulation, to: number) => {
    setHead(to);
    store.setState({ painted: painted(of, to) });
  };
  const change = (next: Scenario) => {
    setScenario(next);
    store.setState({ painted: null });
  };
  const inject = (offset: string, words: string) => {
    const key = Math.max(0, ...scenario.events.map((event) => event.key)) + 1;
    const next = {
      ...scenario,
      events: [
        ...scenario.events,
        { key, at: offset, type: "whatsapp.message_received", fields: JSON.stringify({ text: words }) },
      ],
    };
    setScenario(next);
    run.mutate(next);
  };
  return (
    <div className={styles.try}>
      <div className={styles.form}>
        <ScenarioForm scenario={scenario} catalog={catalog} picture={picture} onChange={change} />
        <div className={styles.go}>
          <Button
            look="primary"
            icon={<Play size={16} aria-hidden className="flip" />}
            isDisabled={!isReady(scenario)}
            isPending={run.isPending}
            onPress={() => run.mutate(scenario)}
          >
            {t("editor.run_it")}
          </Button>
        </div>
      </div>
      <div className={styles.outcome}>
        {!simulation && <p className={styles.quiet}>{t("editor.try_hint")}</p>}
        {simulation && (
          <>
            <div className={styles.head}>
              <strong>{t("editor.virtual_now", { offset: simulation.timeline[head]?.offset ?? "0s" })}</strong>
              <IconButton
                size="s"
                label={t("editor.first_event")}
                icon={<SkipForward size={16} aria-hidden className={styles.back} />}
                onPress={() => move(simulation, 0)}
              />
              <IconButton
                size="s"
                label={t("editor.next_event")}
                icon={<ChevronsRight size={16} aria-hidden className="flip" />}
                onPress={() => move(simulation, Math.min(head + 1, simulation.timeline.length - 1))}
              />
              <IconButton
                size="s"
                label={t("editor.next_wait")}
                icon={<FastForward size={16} aria-hidden className="flip" />}
                onPress={() => move(simulation, nextStop(simulation.timeline, head))}
              />
              <SaveAs scenario={scenario} simulation={simulation} />
            </div>
            {simulation.notes.map((note) => (
              <Banner key={`${note.offset} ${note.code}`}>{`${note.offset}: ${sentenceInWords(note, t)}`}</Banner>
            ))}
            <Timeline
              simulation={simulation}
              head={head}
              onHead={(at) => {
                move(simulation, at);
                const path = simulation.timeline[at]?.path;
                if (path && picture.steps.has(path)) goTo(store, { kind: "step", path });
              }}
              onInject={inject}
            />
          </>
        )}
      </div>
      {simulation && (
        <Phone
          scenario={scenario}
          timeline={simulation.timeline.slice(0, head + 1)}
          until={parseDuration(simulation.timeline[head]?.offset ?? "0s") ?? 0}
        />
      )}
    </div>
  );
}

/** Keeps what was tried as a test in the text of the flow. */
function SaveAs({ scenario, simulation }: { scenario: Scenario; simulation: Simulation }) {
  const t = useText();
  const store = useEditorStore();
  const tests = useEditor((state) => state.picture.tests);
  const open = useEditor((state) => state.closed === null && state.broken === null);
  const [name, setName] = useState<string | null>(null);
  if (!open) return null;
  if (name === null)
    return (
      <Button size="s" onPress={() => setName("")}>
        {t("editor.save_test")}
      </Button>
    );
  const save = () => {
    const { picture } = store.getState();
    const value = asTest(name, scenario, simulation, picture);
    const refused = edit(store, (source) => insertItems(source, ["tests"], tests.length, snippetOf(value), FLOW_KEYS));
    if (refused) toastError(new Error(t(`editor.refused.${refused}`)));
    else toast(t("editor.test_saved", { name }));
    setName(null);
  };
  return (
    <form
      className={styles.save}
      onSubmit={(event) => {
        event.preventDefault();
        if (name.trim() !== "") save();
      }}
    >
      <TextField label={t("editor.test_name")} value={name} onChange={setName} autoFocus />
      <Button type="submit" isDisabled={name.trim() === ""}>
        {t("editor.save_test")}
      </Button>
    </form>
  );
}
