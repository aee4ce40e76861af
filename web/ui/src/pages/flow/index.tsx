import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { lazy, Suspense, useEffect } from "react";
import { Skeleton } from "~/ui/skeleton";

const FlowEditor = lazy(() => import("~/editor").then(({ FlowEditor }) => ({ default: FlowEditor })));

/** The editor of one flow, at the step that the address names; loaded when it is first opened. */
export function FlowPage() {
  const { id } = useParams({ from: "/shell/flows/$id" });
  const { step, review } = useSearch({ from: "/shell/flows/$id" });
  const navigate = useNavigate({ from: "/flows/$id" });
  useEffect(() => {
    document.title = `${id} · Switchboard`;
  }, [id]);
  return (
    <Suspense fallback={<Skeleton lines={10} />}>
      <FlowEditor
        key={id}
        id={id}
        at={step ?? null}
        reviewing={review !== undefined}
        onReviewed={() => void navigate({ search: (old) => ({ ...old, review: undefined }), replace: true })}
      />
    </Suspense>
  );
}
