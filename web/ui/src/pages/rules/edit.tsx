import { useParams } from "@tanstack/react-router";
import { lazy, Suspense, useEffect } from "react";
import { useRulesTexts } from "~/rules/texts";
import { Skeleton } from "~/ui/skeleton";

const Rules = lazy(async () => {
  const [{ FlowEditor }, { RulesFrame }] = await Promise.all([import("~/editor"), import("~/rules/frame")]);
  return { default: ({ id }: { id: string }) => <FlowEditor id={id} kind="rules" frame={RulesFrame} /> };
});

/** One file of rules: its table, its text, and what a change would do. */
export function RuleFilePage() {
  const { id } = useParams({ from: "/shell/rules/$id" });
  const ready = useRulesTexts();
  useEffect(() => {
    document.title = `${id} · Switchboard`;
  }, [id]);
  if (!ready) return <Skeleton lines={10} />;
  return (
    <Suspense fallback={<Skeleton lines={10} />}>
      <Rules key={id} id={id} />
    </Suspense>
  );
}
