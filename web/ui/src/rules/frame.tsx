//! A file of tag rules open: its table, the rule that is chosen, and what a change would do. The text is the same one.

import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { ArrowLeft, FlaskConical } from "lucide-react";
import { lazy, Suspense, useEffect, useMemo, useState } from "react";
import { rulesQuery } from "~/api/rules";
import type { EditorProps } from "~/editor/editor";
import { Banners } from "~/editor/header/banners";
import { DropDraft } from "~/editor/header/drop-draft";
import { Problems } from "~/editor/header/problems";
import { Said } from "~/editor/header/said";
import { documentOf, useRefused } from "~/editor/inspector/field";
import { useApprovalNeeded } from "~/editor/publish/draft";
import { withPublishTexts } from "~/editor/publish/texts";
import { isOpen, say, undoEdit, useEditor, useEditorStore } from "~/editor/state/editor";
import { useText } from "~/i18n";
import { Button } from "~/ui/button";
import { Skeleton } from "~/ui/skeleton";
import { Tabs } from "~/ui/tabs";
import { toast } from "~/ui/toast";
import type { Example, TriedRule } from "./api";
import { addRule, addTest, ruleFor, testNames } from "./commands";
import { Effect } from "./effect";
import { exampleTest } from "./example-test";
import { RuleForm } from "./form";
import { RulesHeader, type RulesView } from "./header";
import { addKeyword } from "./keyword";
import { RuleList } from "./list";
import { freeRuleId, type RuleView, rulesOf, tagsOf } from "./model";
import styles from "./rules.module.css";
import { ruleName } from "./sentence";
import { TryPanel } from "./try";
import { LastChange } from "./undo";
import { useTry } from "./use-try";

const YamlPanel = lazy(() => import("~/editor/yaml/panel"));
const PublishRules = lazy(() =>
  withPublishTexts(import("./publish")).then(({ PublishRules }) => ({ default: PublishRules })),
);
const ApplyRule = lazy(() => import("./apply").then(({ ApplyRule }) => ({ default: ApplyRule })));
const Labels = lazy(() => import("~/book/labels"));
const Versions = lazy(() =>
  withPublishTexts(import("~/editor/publish/versions")).then(({ Versions }) => ({ default: Versions })),
);

export function RulesFrame({ id, saves, lock, mayPublish, live }: EditorProps) {
  const t = useText();
  const store = useEditorStore();
  const refused = useRefused();
  const navigate = useNavigate({ from: "/rules/$id" });
  const { rule: chosen, keyword, review } = useSearch({ from: "/shell/rules/$id" });
  const [view, setView] = useState<RulesView>("table");
  const [tab, setTab] = useState<"rule" | "try" | "measured">("rule");
  const [applying, setApplying] = useState<RuleView | null>(null);
  const [window_, setWindow] = useState<"publish" | "versions" | "drop" | null>(null);
  const root = useEditor(documentOf);
  const rules = useMemo(() => rulesOf(root), [root]);
  const open = useEditor(isOpen);
  const text = useEditor((state) => state.source.text);
  const mayEdit = useEditor((state) => state.closed === null);
  const mayAnswer = useEditor((state) => state.closed === null || state.closed === "locked");
  const reviews = useApprovalNeeded() && mayAnswer;
  const { data: files } = useQuery(rulesQuery);
  const file = files?.find(({ flow }) => flow === id);
  const trying = useTry(id, mayEdit, file?.version ?? null);
  const known = useMemo(() => new Map((file?.list ?? []).map((rule) => [rule.rule, rule])), [file]);
  const tried = useMemo(() => new Map((trying.tried?.rules ?? []).map((rule) => [rule.rule, rule])), [trying.tried]);
  const rule = rules.find((own) => own.id === chosen);
  const choose = (next: string | null) => void navigate({ search: next === null ? {} : { rule: next }, replace: true });
  const close = () => {
    if (review) void navigate({ search: (old) => ({ ...old, review: undefined }), replace: true });
    setWindow(null);
  };
  useEffect(() => {
    if (review) setWindow("publish");
  }, [review]);
  // A word that came with the address is put in once.
  // biome-ignore lint/correctness/useExhaustiveDependencies: only the word asks for it.
  useEffect(() => {
    if (!keyword || !open) return;
    const id =
      rule?.id ??
      freeRuleId(
        keyword,
        rules.map((own) => own.id),
      );
    const added = rule ? addKeyword(store, rule, keyword) : addRule(store, rules.length, ruleFor(id, keyword, t));
    void navigate({ search: { rule: id }, replace: true });
    if (!refused(added)) return;
    toast(t("rules.keyword.added", { word: keyword, rule: rule ? ruleName(rule) : id }), () => undoEdit(store));
  }, [keyword, open]);
  const wrong = (of: string, example: Example) => {
    const test = exampleTest(of, example, testNames(store), t);
    if (!refused(addTest(store, test))) return;
    const words = t("rules.test_added", { name: test.name });
    say(store, words);
    toast(words);
  };
  const tabs = [
    {
      id: "rule",
      label: t("rules.tab.rule"),
      content: rule ? (
        <RuleForm key={rule.path} rule={rule} tags={tagsOf(rules)} />
      ) : (
        <p className={styles.choose}>{t("rules.choose")}</p>
      ),
    },
    {
      id: "try",
      label: (
        <span className={styles.tab}>
          <FlaskConical size={14} aria-hidden /> {t("rules.tab.try")} <Sum tried={tried} stale={trying.stale} />
        </span>
      ),
      content: <TryPanel trying={trying} rules={rules} chosen={chosen ?? null} onWrong={open ? wrong : null} />,
    },
    {
      id: "measured",
      label: t("rules.measured"),
      content: (
        <Suspense fallback={null}>
          <Labels id={id} text={text} />
        </Suspense>
      ),
    },
  ];
  return (
    <div className={styles.frame}>
      <RulesHeader
        live={file ?? null}
        state={live?.state ?? file?.state ?? null}
        saves={saves}
        mayEdit={mayEdit}
        mayPublish={mayPublish && mayEdit}
        mayReview={reviews}
        view={view}
        onView={setView}
        onTry={() => setTab("try")}
        onVersions={() => setWindow("versions")}
        onPublish={() => setWindow("publish")}
        onDrop={() => setWindow("drop")}
      />
      <Banners saves={saves} lock={lock} onView={() => setView("text")} />
      <LastChange id={id} saves={saves} mayPublish={mayPublish} onVersions={() => setWindow("versions")} />
      <div className={`${styles.body} ${rule || tab === "try" ? styles.opened : ""}`}>
        {view === "table" ? (
          <RuleList
            rules={rules}
            known={known}
            tried={trying.stale ? NONE : tried}
            chosen={chosen ?? null}
            onChoose={choose}
            onApply={mayPublish ? setApplying : null}
          />
        ) : (
          <div className={styles.list_side}>
            <Suspense fallback={<Skeleton lines={10} />}>
              <YamlPanel />
            </Suspense>
          </div>
        )}
        <aside className={styles.panel} aria-label={rule ? ruleName(rule) : t("rules.tab.try")}>
          <div className={styles.panel_back}>
            <Button
              look="plain"
              size="s"
              icon={<ArrowLeft size={16} aria-hidden className="flip" />}
              onPress={() => {
                setTab("rule");
                choose(null);
              }}
            >
              {t("rules.back_to_list")}
            </Button>
          </div>
          {mayEdit ? (
            <Tabs
              label={t("rules.panel")}
              tabs={tabs}
              selected={tab}
              onSelect={(next) => setTab(next === "try" || next === "measured" ? next : "rule")}
            />
          ) : (
            tabs[0]?.content
          )}
        </aside>
      </div>
      <Problems onProblem={() => setView("text")} />
      <Said />
      <Suspense>
        {window_ === "publish" && saves && (
          <PublishRules id={id} saves={saves} trying={trying} mayPublish={mayPublish && mayEdit} onClose={close} />
        )}
        {applying && (
          <ApplyRule
            id={id}
            rule={applying}
            changed={(tried.get(applying.id)?.gained ?? 0) + (tried.get(applying.id)?.lost ?? 0) > 0}
            onClose={() => setApplying(null)}
          />
        )}
        {window_ === "versions" && <Versions kind="rules" id={id} mayPublish={mayPublish} onClose={close} />}
        {window_ === "drop" && <DropDraft kind="rules" id={id} saves={saves} onClose={close} />}
      </Suspense>
    </div>
  );
}

const NONE: ReadonlyMap<string, TriedRule> = new Map();

/** Contacts gained and lost by all rules together. */
function Sum({
  tried,
  stale,
}: {
  tried: ReadonlyMap<string, { contacts: { gained: number; lost: number } }>;
  stale: boolean;
}) {
  if (stale) return null;
  const sum = { now: 0, draft: 0, gained: 0, lost: 0 };
  for (const { contacts } of tried.values()) {
    sum.gained += contacts.gained;
    sum.lost += contacts.lost;
  }
  return <Effect counts={sum} />;
}
