import { queryOptions } from "@tanstack/react-query";
import { call, del, get, patch, post, put, seg } from "./client";
import type { Json, Me, System, Token, User } from "./types";

export const usersQuery = queryOptions({
  queryKey: ["users"],
  queryFn: ({ signal }) => get<{ users: User[] }>("/users", undefined, signal),
  select: ({ users }) => users,
});

export interface Invitation {
  user: User;
  /** An address of this app; whoever opens it first chooses the password. */
  invitation: string;
}

export type UserChange = Partial<Pick<User, "name" | "role" | "publisher" | "language">>;

export const inviteUser = (user: { name: string; email: string; role: string; publisher: boolean; language: string }) =>
  post<Invitation>("/users", user);
export const changeUser = (user: User, change: UserChange) =>
  patch<User>(`/users/${seg(user.id)}`, change, String(user.revision));
export const removeUser = (id: string) => del(`/users/${seg(id)}`);
export const signOutUser = (id: string) => post(`/users/${seg(id)}/sign-out`, {});

export interface Roles {
  roles: { id: string; permissions: string[] }[];
  permissions: { id: string; what: string }[];
}

export const rolesQuery = queryOptions({
  queryKey: ["roles"],
  queryFn: ({ signal }) => get<Roles>("/roles", undefined, signal),
  staleTime: Number.POSITIVE_INFINITY,
});

export const tokensQuery = queryOptions({
  queryKey: ["tokens"],
  queryFn: ({ signal }) => get<{ tokens: Token[] }>("/tokens", undefined, signal),
  select: ({ tokens }) => tokens,
});

/** The secret is in this answer and never again. */
export const createToken = (token: { name: string; scopes: string[]; expires_at: string | null }) =>
  post<{ token: Token | string; secret?: string }>("/tokens", token);
export const revokeToken = (id: string) => del(`/tokens/${seg(id)}`);

export const changePassword = (old: string, fresh: string) => post("/me/password", { old, new: fresh });
export const changeMe = (change: Partial<Pick<Me, "name" | "language" | "theme">>) => patch<Me>("/me", change);
export const beginTotp = () => post<{ secret: string; otpauth: string }>("/me/totp", {});
export const confirmTotp = (code: string) => post<{ recovery_codes: string[] }>("/me/totp/confirm", { code });
export const endTotp = (password: string) => del("/me/totp", { password });
export const signOutEverywhere = () => post("/me/sign-out-everywhere", {});

export interface Settings {
  settings: Record<string, Json>;
  revision: string | number;
}

export const settingsQuery = queryOptions({
  queryKey: ["settings"],
  queryFn: ({ signal }) => get<Settings>("/settings", undefined, signal),
});
export const saveSettings = ({ settings, revision }: Settings) =>
  put<Settings>("/settings", settings, String(revision));

export const systemQuery = queryOptions({
  queryKey: ["system"],
  queryFn: ({ signal }) => call<System>("GET", "/system", { signal }),
});
