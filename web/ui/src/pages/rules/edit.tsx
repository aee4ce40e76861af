import { useParams } from "@tanstack/react-router";
import { lazy, Suspense, useEffect } from "react";
import { Skeleton } from "~/ui/skeleton";

const Editor = lazy(() => import("~/editor").then(({ FlowEditor }) => ({ default: FlowEditor })));

/** The editor of one file of rules, as text. */
export function RuleFilePage() {
  const { id } = useParams({ from: "/shell/rules/$id" });
  useEffect(() => {
    document.title = `${id} · Switchboard`;
  }, [id]);
  return (
    <Suspense fallback={<Skeleton lines={10} />}>
      <Editor key={id} id={id} kind="rules" />
    </Suspense>
  );
}
