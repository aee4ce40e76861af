import { describe, expect, it } from "vitest";
import type { Said } from "~/api/inbox";
import { EMPTY, MOST, type Stretch, withNewest, withOlder, withOne } from "./window";

const said = (n: number, more: Partial<Said> = {}) => ({ id: `msg_${n}`, text: String(n), ...more }) as Said;
/** As the server answers: newest first. */
const page = (from: number, to: number, next: string | null = null) => ({
  messages: Array.from({ length: to - from + 1 }, (_, at) => said(to - at)),
  next,
});
const ids = ({ messages }: Stretch) => messages.map(({ id }) => Number(id.slice(4)));
const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, at) => from + at);

describe("the messages that are kept", () => {
  it("are in the order they were said", () => {
    const all = withNewest(EMPTY, page(61, 100, "msg_61"));
    expect(ids(all)).toEqual(range(61, 100));
    expect(all.older).toBe("msg_61");
  });

  it("take what is new at the end, and what has changed where it stands", () => {
    const all = withNewest(EMPTY, page(61, 100, "msg_61"));
    const fresh = page(63, 102, "msg_63");
    fresh.messages[4] = said(98, { status: "read" });
    const after = withNewest(all, fresh);
    expect(ids(after)).toEqual(range(61, 102));
    expect(after.messages.find(({ id }) => id === "msg_98")?.status).toBe("read");
    expect(after.older).toBe("msg_61");
  });

  it("begin anew when so much came that the two do not touch", () => {
    const after = withNewest(withNewest(EMPTY, page(1, 40)), page(161, 200, "msg_161"));
    expect(ids(after)).toEqual(range(161, 200));
    expect(after.older).toBe("msg_161");
  });

  it("never grow beyond the most, however long one listens", () => {
    let all = withNewest(EMPTY, page(1, 40));
    for (let at = 41; at <= 2_000; at += 1) all = withOne(all, said(at));
    expect(all.messages).toHaveLength(MOST);
    expect(ids(all).at(-1)).toBe(2_000);
    expect(all.older).toBe(all.messages[0]?.id);
  });

  it("let the newest go for a reader who goes far back, and say so", () => {
    let all = withNewest(EMPTY, page(961, 1_000, "msg_961"));
    for (let last = 960; last > 600; last -= 40) all = withOlder(all, page(last - 39, last, `msg_${last - 39}`));
    expect(all.messages).toHaveLength(MOST);
    expect(all.cut).toBe(true);
    expect(ids(all)[0]).toBe(601);
    expect(ids(withNewest(all, page(962, 1_001)))).toEqual(ids(all));
    expect(ids(withNewest(EMPTY, page(962, 1_001)))).toEqual(range(962, 1_001));
  });

  it("hold one message once", () => {
    const all = withOne(withNewest(EMPTY, page(1, 3)), said(4));
    expect(ids(withOne(all, said(4, { status: "sent" })))).toEqual([1, 2, 3, 4]);
    expect(ids(withOlder(all, page(1, 2)))).toEqual([1, 2, 3, 4]);
  });
});
