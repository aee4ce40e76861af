import { beforeEach, describe, expect, it, vi } from "vitest";
import { ApiError, call, get, patch, post, setCsrf, whenSignedOut } from "./client";

const fetched = vi.fn<typeof fetch>();
const answer = (status: number, body: unknown, headers = {}) =>
  fetched.mockResolvedValueOnce(new Response(JSON.stringify(body), { status, headers }));

function sent() {
  const [url, init] = fetched.mock.calls.at(-1) ?? [];
  return { url, method: init?.method, headers: init?.headers as Record<string, string>, body: init?.body };
}

beforeEach(() => {
  fetched.mockReset();
  vi.stubGlobal("fetch", fetched);
  setCsrf(null);
});

describe("a request", () => {
  it("leaves empty filters out and escapes the rest", async () => {
    answer(200, { runs: [] });
    await get("/runs", { text: "a&b=c", status: "", after: null, limit: 100 });
    expect(sent().url).toBe("/api/v1/runs?text=a%26b%3Dc&limit=100");
    expect(sent().body).toBeNull();
  });

  it("carries the token of the session when it writes, and only then", async () => {
    setCsrf("t0ken");
    answer(200, {});
    await get("/flows");
    expect(sent().headers["x-csrf-token"]).toBeUndefined();
    answer(200, {});
    await post("/flows", { text: "…" });
    expect(sent().headers["x-csrf-token"]).toBe("t0ken");
  });

  it("names the revision it is based on", async () => {
    answer(200, {});
    await patch("/users/usr_1", { name: "Mia" }, "7");
    expect(sent().headers["if-match"]).toBe('"7"');
    expect(sent().body).toBe('{"name":"Mia"}');
  });

  it("takes an answer without a body", async () => {
    fetched.mockResolvedValueOnce(new Response(null, { status: 204 }));
    expect(await call("DELETE", "/session")).toBeUndefined();
  });
});

describe("a refusal", () => {
  it("is the server's code, words and details", async () => {
    answer(409, { error: { code: "changed", message: "somebody else changed it", details: { current: 8 } } });
    const error = (await get("/flows").catch((caught: unknown) => caught)) as ApiError;
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({ status: 409, code: "changed", message: "somebody else changed it" });
    expect(error.details).toEqual({ current: 8 });
  });

  it("says when to come again", async () => {
    answer(429, { error: { code: "too_many_tries", message: "wait" } }, { "retry-after": "30" });
    await expect(post("/session", {})).rejects.toMatchObject({ retryAfter: 30 });
  });

  it("is told to the app when the session is over", async () => {
    const over = vi.fn();
    whenSignedOut(over);
    answer(401, { error: { code: "signed_out", message: "nobody is signed in" } });
    await expect(get("/runs")).rejects.toMatchObject({ status: 401 });
    expect(over).toHaveBeenCalledOnce();
  });

  it("is one of its own when a proxy answers in its place", async () => {
    fetched.mockResolvedValueOnce(new Response("<h1>Bad Gateway</h1>", { status: 502, statusText: "Bad Gateway" }));
    await expect(get("/runs")).rejects.toMatchObject({ code: "unreadable", message: "Bad Gateway" });
  });

  it("is `offline` when no answer came", async () => {
    fetched.mockRejectedValueOnce(new TypeError("Failed to fetch"));
    await expect(get("/runs")).rejects.toMatchObject({ status: 0, code: "offline" });
  });

  it("is none when the caller gave up by itself", async () => {
    const stop = new AbortController();
    stop.abort();
    const gone = new DOMException("aborted", "AbortError");
    fetched.mockRejectedValueOnce(gone);
    await expect(get("/runs", {}, stop.signal)).rejects.toBe(gone);
  });
});
