import { expect, test } from "vitest";
import { type Desk, deskAfter, type Escalation } from "./desk";

const agent = { user: { id: "usr_1", name: "Mia" }, state: "available", load: 1 } as Desk["agents"][number];
const one = (id: string, reason = "Complaint") => ({ id, reason, contact: { tags: ["vip"] } }) as Escalation;
const desk = (now: string, ...waiting: Escalation[]) =>
  ({ now, me: { ...agent }, agents: [{ ...agent }], waiting, today: { taken: 0 } }) as Desk;

test("who still waits is the same object after the first one is gone, and what is as it was with them", () => {
  const old = desk("10:00", one("a"), one("b"), one("c"));
  const next = deskAfter(old, desk("10:01", one("b"), one("c", "Worse"), one("d")));
  expect(next.now).toBe("10:01");
  expect(next.waiting.map(({ id }) => id)).toEqual(["b", "c", "d"]);
  expect(next.waiting[0]).toBe(old.waiting[1]);
  expect(next.waiting[1]).toEqual(one("c", "Worse"));
  expect(next.waiting[1]?.contact).toBe(old.waiting[2]?.contact);
  expect([next.me, next.agents, next.today]).toEqual([old.me, old.agents, old.today]);
  expect(next.me).toBe(old.me);
});
