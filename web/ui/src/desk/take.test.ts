import { afterEach, expect, test, vi } from "vitest";
import type { Escalation } from "~/api/desk";
import { queries } from "~/api/queries";
import { explainGone, useTakes } from "./take";

const one = (id: string, to_me = false) => ({ id, to_me }) as Escalation;

/** Whom the server was asked about; everybody was taken by Ben. */
function answering() {
  const asked: string[] = [];
  vi.stubGlobal("fetch", async (url: string) => {
    asked.push(new URL(url, "http://here").pathname.split("/").at(-1) ?? "");
    return Response.json({ state: "taken", accepted_by: { id: "usr_2", name: "Ben" }, mine: false });
  });
  return asked;
}

afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
  queries.clear();
  useTakes.setState({ gone: {} });
});

test("of many who are gone at once three are told of, ours first, until they could be read", async () => {
  vi.useFakeTimers();
  const asked = answering();
  const line = ["a", "b", "c", "d"].map((id) => one(id));
  await explainGone([...line, one("e", true)], []);
  expect(asked).toEqual(["e", "a", "b"]);
  expect(useTakes.getState().gone.e?.by?.name).toBe("Ben");
  await explainGone([one("f")], []);
  expect(asked).toEqual(["e", "a", "b"]);
  vi.runAllTimers();
  await explainGone([one("g"), one("h")], [one("h")]);
  expect(asked).toEqual(["e", "a", "b", "g"]);
});
