import { lazy, Suspense, useMemo, useState } from "react";
import type { RunDetail } from "~/api/types";
import { useText } from "~/i18n";
import { duration } from "~/i18n/format";
import { Button } from "~/ui/button";
import { Card } from "~/ui/page";
import { Skeleton } from "~/ui/skeleton";
import { Picture } from "./picture";
import styles from "./run.module.css";
import type { Titles } from "./use-titles";

const RunCanvas = lazy(() => import("~/editor").then(({ RunCanvas }) => ({ default: RunCanvas })));

interface Props {
  run: RunDetail;
  /** Of the version that ran; nothing when it is gone. */
  text: string | undefined;
  titles: Titles;
  chosen: string | null;
  onChoose: (path: string) => void;
}

/** The way a run took, drawn on the version that ran; as a list where that text is gone or a list is wanted. */
export function Path({ run, text, titles, chosen, onChoose }: Props) {
  const t = useText();
  const [asList, setAsList] = useState(() => window.matchMedia("(width < 760px)").matches);
  const steps = useMemo(() => run.picture?.steps ?? [], [run.picture]);
  const states = useMemo(() => Object.fromEntries(steps.map((step) => [step.path, step.state])), [steps]);
  const took = useMemo(
    () => Object.fromEntries(steps.flatMap(({ path, ms }) => (ms === null ? [] : [[path, duration(ms)]]))),
    [steps],
  );
  const drawn = text !== undefined && !asList;
  const toggle = text !== undefined && (
    <Button size="s" look="plain" onPress={() => setAsList(!asList)}>
      {t(asList ? "run.as_picture" : "run.as_list")}
    </Button>
  );
  return (
    <Card title={t("run.path")} actions={toggle} flush>
      {drawn ? (
        <div className={styles.canvas}>
          <Suspense fallback={<Skeleton />}>
            <RunCanvas
              text={text}
              states={states}
              took={took}
              selected={chosen}
              onSelect={(path) => path !== null && path !== "on" && onChoose(path)}
            />
          </Suspense>
        </div>
      ) : (
        <Picture steps={steps} titles={titles} chosen={chosen} onChoose={onChoose} />
      )}
    </Card>
  );
}
