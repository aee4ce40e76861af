/** What went wrong, as the server said it: `{ "error": { code, message, details } }`. */
export class ApiError extends Error {
  override readonly name = "ApiError";

  constructor(
    /** HTTP status; 0 when no answer came. */
    readonly status: number,
    /** Stable; `offline` when no answer came. */
    readonly code: string,
    message: string,
    readonly details: unknown = null,
    /** Seconds after which to come again, when the server says so. */
    readonly retryAfter: number | null = null,
  ) {
    super(message);
  }
}

export type Query = Record<string, string | number | boolean | null | undefined>;

export interface Options {
  query?: Query;
  body?: unknown;
  /** Of the thing that is changed; sent as `If-Match`. */
  revision?: string;
  signal?: AbortSignal;
  /** Goes out even when the page is closed in this moment. */
  keepalive?: boolean;
}

const BASE = "/api/v1";
let csrf: string | null = null;
let onSignedOut: () => void = () => {};

/** The value `GET /session` gave; each write by cookie carries it. */
export function setCsrf(value: string | null): void {
  csrf = value;
}

/** Called when the server no longer knows who we are. */
export function whenSignedOut(then: () => void): void {
  onSignedOut = then;
}

/** One request to the API. Throws `ApiError`, and `AbortError` when `signal` ended it. */
export async function call<T>(method: string, path: string, options: Options = {}): Promise<T> {
  const response = await send(method, path, options);
  if (response.status === 204) return undefined as T;
  if (response.ok) return (await response.json()) as T;
  const error = await readError(response);
  if (error.code === "signed_out" && path !== "/session") onSignedOut();
  throw error;
}

export const get = <T>(path: string, query?: Query, signal?: AbortSignal) => call<T>("GET", path, { query, signal });
export const post = <T>(path: string, body?: unknown) => call<T>("POST", path, { body });
export const put = <T>(path: string, body?: unknown, revision?: string) => call<T>("PUT", path, { body, revision });
export const patch = <T>(path: string, body?: unknown, revision?: string) => call<T>("PATCH", path, { body, revision });
export const del = <T>(path: string, body?: unknown, revision?: string) => call<T>("DELETE", path, { body, revision });

/** Sends a file as it is, and may say how much of it went out, 0 to 1: `fetch` does not tell that. */
export function upload<T>(path: string, query: Query, file: Blob, onProgress?: (part: number) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", `${BASE}${path}${search(query)}`);
    request.setRequestHeader("content-type", file.type || "application/octet-stream");
    if (csrf !== null) request.setRequestHeader("x-csrf-token", csrf);
    request.upload.onprogress = (event) => event.total > 0 && onProgress?.(event.loaded / event.total);
    request.onerror = () => reject(new ApiError(0, "offline", "the server does not answer"));
    request.onload = () => {
      const response = new Response(request.responseText, { status: request.status });
      if (response.ok) resolve(response.json() as Promise<T>);
      else readError(response).then(reject, reject);
    };
    request.send(file);
  });
}

/** An id as a part of an address. */
export const seg = encodeURIComponent;

async function send(method: string, path: string, options: Options): Promise<Response> {
  const { query, body, revision, signal, keepalive = false } = options;
  const headers: Record<string, string> = { accept: "application/json" };
  if (body !== undefined) headers["content-type"] = "application/json";
  if (revision !== undefined) headers["if-match"] = `"${revision}"`;
  if (csrf !== null && method !== "GET") headers["x-csrf-token"] = csrf;
  try {
    return await fetch(`${BASE}${path}${search(query)}`, {
      method,
      headers,
      body: body === undefined ? null : JSON.stringify(body),
      credentials: "same-origin",
      keepalive,
      signal: signal ?? null,
    });
  } catch (cause) {
    if (signal?.aborted) throw cause;
    throw new ApiError(0, "offline", "the server does not answer");
  }
}

function search(query: Query = {}): string {
  const filled = Object.entries(query).filter(([, value]) => value !== undefined && value !== null && value !== "");
  if (filled.length === 0) return "";
  return `?${new URLSearchParams(filled.map(([name, value]) => [name, String(value)]))}`;
}

interface Envelope {
  error?: { code?: string; message?: string; said?: unknown; details?: unknown };
}

async function readError(response: Response): Promise<ApiError> {
  const seconds = Number(response.headers.get("retry-after"));
  const retryAfter = seconds > 0 ? seconds : null;
  const { error }: Envelope = await response.json().catch(() => ({}));
  const code = error?.code ?? "unreadable";
  // Loaded when something goes wrong, not with the app.
  const { say, sentences, toldProblems } = await import("~/server");
  if (error?.said) await sentences();
  const message = say(error?.message ?? response.statusText, error?.said, code);
  const details =
    code === "problems" && Array.isArray(error?.details) ? await toldProblems(error.details) : error?.details;
  return new ApiError(response.status, code, message, details, retryAfter);
}
