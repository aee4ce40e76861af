import { CircleAlert } from "lucide-react";
import { useState } from "react";
import { type DropItem, FileTrigger } from "react-aria-components";
import { ApiError } from "~/api/client";
import { doImport, type ImportFile, needsOf, planImport } from "~/api/flows";
import { queries } from "~/api/queries";
import { useCan } from "~/api/session";
import type { ImportNeed, ImportPlan, Problem } from "~/api/types";
import { useText } from "~/i18n";
import { Banner } from "~/ui/banner";
import { Button } from "~/ui/button";
import { Drop } from "~/ui/drop";
import { TextArea } from "~/ui/field";
import { explain } from "~/ui/page";
import { Badge, Chip } from "~/ui/status";
import { toast } from "~/ui/toast";
import styles from "../flows.module.css";
import { Checklist } from "./checklist";
import { isYaml, unzip, ZipError } from "./zip";

/** YAML from files or the clipboard: first what it would do and what it needs, then all of it or nothing. */
export function Import({ onDone }: { onDone: () => void }) {
  const t = useText();
  const can = useCan();
  const [text, setText] = useState("");
  const [files, setFiles] = useState<ImportFile[]>([]);
  const [plan, setPlan] = useState<ImportPlan | null>(null);
  const [needs, setNeeds] = useState<ImportNeed[]>([]);
  const [error, setError] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const documents = text.trim() ? [...files, { path: "pasted.yaml", text }] : files;

  const forget = () => {
    setPlan(null);
    setNeeds([]);
  };
  const take = async (given: Iterable<Given>) => {
    forget();
    setError(null);
    try {
      const found = await taken(given);
      setFiles(found);
      if (found.length === 0) setError(new Error(t("import.no_yaml")));
    } catch (caught) {
      setFiles([]);
      setError(caught instanceof ZipError ? new Error(t(`import.zip_${caught.why}`)) : caught);
    }
  };
  const attempt = async (work: () => Promise<void>) => {
    setBusy(true);
    setError(null);
    await work().catch(setError);
    setBusy(false);
  };
  const look = () =>
    attempt(async () => {
      // What is missing may be why the plan refuses: the checklist is shown either way.
      const [planned, needed] = await Promise.allSettled([planImport(documents), needsOf(documents)]);
      setNeeds(needed.status === "fulfilled" ? needed.value : []);
      if (planned.status === "rejected") throw planned.reason;
      setPlan(planned.value);
    });
  const bring = (publish: boolean) =>
    attempt(async () => {
      const { changes } = await doImport(documents, publish);
      await queries.invalidateQueries({ queryKey: ["flows"] });
      toast(t("import.done", { n: changes.length }));
      onDone();
    });

  return (
    <div className={styles.form}>
      <Drop
        label={t("import.drop")}
        onDrop={async (items) => take((await Promise.all(items.map((item) => dropped(item)))).flat())}
      >
        <div className={styles.buttons}>
          <FileTrigger
            acceptedFileTypes={[".yaml", ".yml", ".zip"]}
            allowsMultiple
            onSelect={(list) => list && void take([...list].map(named))}
          >
            <Button>{t("import.choose")}</Button>
          </FileTrigger>
          <FileTrigger acceptDirectory onSelect={(list) => list && void take([...list].map(named))}>
            <Button>{t("import.choose_folder")}</Button>
          </FileTrigger>
        </div>
        {files.length === 0 && t("import.drop")}
        {files.length > SHOWN && t("import.files", { n: files.length })}
        {files.length <= SHOWN &&
          files.map((file) => (
            <Chip key={file.path}>
              <bdi>{file.path}</bdi>
            </Chip>
          ))}
      </Drop>
      <TextArea
        label={t("import.paste")}
        mono
        rows={6}
        value={text}
        onChange={(value) => {
          setText(value);
          forget();
        }}
      />
      {error !== null && <Banner tone="bad">{explain(error, t("error.offline"))}</Banner>}
      <Problems list={problemsOf(error)} />
      {plan && <PlanView plan={plan} />}
      <Checklist needs={needs} />
      <div className={styles.buttons}>
        {plan ? (
          <>
            <Button look="primary" isDisabled={busy} onPress={() => bring(false)}>
              {t("import.as_draft")}
            </Button>
            {can("flows.publish") && (
              <Button isDisabled={busy} onPress={() => bring(true)}>
                {t("import.publish")}
              </Button>
            )}
            <Button look="plain" isDisabled={busy} onPress={look}>
              {t("import.look_again")}
            </Button>
          </>
        ) : (
          <Button look="primary" isDisabled={busy || documents.length === 0} onPress={look}>
            {t("import.plan")}
          </Button>
        )}
      </div>
    </div>
  );
}

/** More files than this are counted, not listed. */
const SHOWN = 12;

interface Given {
  path: string;
  file: File;
}

/** A chosen file; one of a folder knows its place in it. */
const named = (file: File): Given => ({ path: file.webkitRelativePath || file.name, file });

/** What was dropped: files, and those of folders at any depth. */
async function dropped(item: DropItem, above = ""): Promise<Given[]> {
  if (item.kind === "file") return [{ path: `${above}${item.name}`, file: await item.getFile() }];
  if (item.kind !== "directory") return [];
  const found: Given[] = [];
  for await (const inner of item.getEntries()) found.push(...(await dropped(inner, `${above}${item.name}/`)));
  return found;
}

/** The YAML of what was given; archives are unpacked. */
async function taken(given: Iterable<Given>): Promise<ImportFile[]> {
  const read = [...given].map(async ({ path, file }): Promise<ImportFile[]> => {
    if (/\.zip$/i.test(path)) return unzip(new Uint8Array(await file.arrayBuffer()));
    return isYaml(path) ? [{ path, text: await file.text() }] : [];
  });
  return (await Promise.all(read)).flat();
}

function problemsOf(error: unknown): Problem[] {
  return error instanceof ApiError && error.code === "problems" && Array.isArray(error.details) ? error.details : [];
}

/** Problems, each with its place. */
export function Problems({ list }: { list: Omit<Problem, "path">[] }) {
  if (list.length === 0) return null;
  return (
    <ul className={styles.plan}>
      {list.map((problem) => (
        <li key={`${problem.file} ${problem.line} ${problem.column} ${problem.code}`}>
          <Badge tone={problem.severity === "warning" ? "warn" : "bad"} icon={CircleAlert}>
            <span dir="ltr">
              {problem.file ? `${problem.file}:` : ""}
              {problem.line}:{problem.column}
            </span>
          </Badge>
          <span dir="auto">
            {problem.message}
            {problem.hint && ` (${problem.hint})`}
          </span>
        </li>
      ))}
    </ul>
  );
}

function PlanView({ plan }: { plan: ImportPlan }) {
  const t = useText();
  return (
    <>
      <section className={styles.plan} aria-label={t("import.changes")}>
        <h3>{t("import.changes")}</h3>
        <ul className={styles.plan}>
          {plan.changes.map((change) => (
            <li key={change.flow}>
              <Badge tone={change.what === "same" ? "idle" : "good"}>{t(`import.${change.what}`)}</Badge>
              <bdi>{change.flow}</bdi>
            </li>
          ))}
        </ul>
      </section>
      <Problems list={plan.problems} />
    </>
  );
}
