import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { lazy, Suspense, useEffect } from "react";
import { useBookTexts } from "~/book/texts";
import type { Reviewing } from "~/editor/editor";
import { useRulesTexts } from "~/rules/texts";
import { Skeleton } from "~/ui/skeleton";

const Segment = lazy(async () => {
  const [{ FlowEditor }, { SegmentFrame }] = await Promise.all([import("~/editor"), import("~/book/segment")]);
  return {
    default: (props: Reviewing & { id: string }) => <FlowEditor {...props} kind="segments" frame={SegmentFrame} />,
  };
});

/** One segment: what it asks for, and who is in it. */
export function SegmentPage() {
  const { id } = useParams({ from: "/shell/contacts/segments/$id" });
  const { review } = useSearch({ from: "/shell/contacts/segments/$id" });
  const navigate = useNavigate({ from: "/contacts/segments/$id" });
  // The field for tags is the one of rules.
  const [book, rules] = [useBookTexts(), useRulesTexts()];
  useEffect(() => {
    document.title = `${id} · Switchboard`;
  }, [id]);
  if (!(book && rules)) return <Skeleton lines={10} />;
  return (
    <Suspense fallback={<Skeleton lines={10} />}>
      <Segment
        key={id}
        id={id}
        reviewing={review !== undefined}
        onReviewed={() => void navigate({ search: {}, replace: true })}
      />
    </Suspense>
  );
}
