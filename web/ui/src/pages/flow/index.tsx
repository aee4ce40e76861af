import { useParams } from "@tanstack/react-router";
import { type ComponentType, lazy, Suspense } from "react";
import { Skeleton } from "~/ui/skeleton";

type Editor = ComponentType<{ id: string }>;
const found = import.meta.glob<{ FlowEditor: Editor }>("../../editor/index.tsx");

const FlowEditor = lazy(async (): Promise<{ default: Editor }> => {
  const load = Object.values(found)[0];
  return { default: load ? (await load()).FlowEditor : () => null };
});

/** The editor of one flow; loaded when it is first opened. */
export function FlowPage() {
  const { id } = useParams({ from: "/shell/flows/$id" });
  return (
    <Suspense fallback={<Skeleton lines={10} />}>
      <FlowEditor key={id} id={id} />
    </Suspense>
  );
}
