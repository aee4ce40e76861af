import { queryOptions, useQuery } from "@tanstack/react-query";
import { ApiError, call, del, get, post, seg, setCsrf } from "./client";
import { queries } from "./queries";
import type { Session, SignedOut } from "./types";

/** Who is signed in; fails with 401 and `SignedOut` when nobody is. */
export const sessionQuery = queryOptions({
  queryKey: ["session"],
  queryFn: async () => remember(await get<Session>("/session")),
  staleTime: Number.POSITIVE_INFINITY,
  retry: false,
});

function remember(session: Session): Session {
  setCsrf(session.csrf);
  queries.setQueryData(["session"], session);
  return session;
}

export interface Credentials {
  email: string;
  password: string;
  code?: string;
}

export const signIn = async (credentials: Credentials) => remember(await post<Session>("/session", credentials));

/** The second factor, where a provider vouched for somebody already. */
export const finishSignIn = async (provider: string, code: string) =>
  remember(await post<Session>(`/oidc/${seg(provider)}`, { code }));

export interface FirstAdmin {
  token: string;
  name: string;
  email: string;
  password: string;
}

export const setUp = async (admin: FirstAdmin) => remember(await post<Session>("/setup", admin));

export interface Invited {
  token: string;
  password: string;
  name: string;
}

export const acceptInvitation = async (invited: Invited) => remember(await post<Session>("/invitation", invited));

export async function signOut(): Promise<void> {
  await del("/session");
  setCsrf(null);
  queries.clear();
}

/** Reads the session anew: name, language or second factor were changed. */
export async function refreshSession(): Promise<void> {
  remember(await call<Session>("GET", "/session"));
}

export function signedOut(error: unknown): SignedOut | null {
  return error instanceof ApiError && error.status === 401 ? ((error.details as SignedOut | null) ?? {}) : null;
}

/** The session of the page, which is only shown to somebody signed in. */
export function useSession(): Session {
  const { data } = useQuery(sessionQuery);
  if (!data) throw new Error("a page was shown without a session");
  return data;
}

/** Whether the signed-in person may do `permission`, such as `flows.publish`. */
export function useCan(): (permission: string) => boolean {
  const { permissions } = useSession();
  return (permission) => permissions.includes(permission);
}
