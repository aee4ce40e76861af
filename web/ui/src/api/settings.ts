import { queryOptions } from "@tanstack/react-query";
import { call, del, get, patch, post, put, seg } from "./client";
import type { Me, System, Token, User } from "./types";

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

export type UserChange = Partial<Pick<User, "name" | "role" | "publisher" | "language"> & { active: boolean }>;

export const inviteUser = (user: { name: string; email: string; role: string; publisher: boolean; language: string }) =>
  post<Invitation>("/users", user);
export const changeUser = (user: User, change: UserChange) =>
  patch<User>(`/users/${seg(user.id)}`, change, String(user.revision));
/** Whoever next comes through a provider by their verified address has the account. */
export const unbindUser = (user: User) => del<User>(`/users/${seg(user.id)}/identity`, undefined, user.revision);
export const removeUser = (id: string) => del(`/users/${seg(id)}`);
/** A new link to choose a password with; older ones end. */
export const renewInvitation = (id: string) => post<Invitation>(`/users/${seg(id)}/invitation`, {});
export const signOutUser = (id: string) => post(`/users/${seg(id)}/sign-out`, {});

export interface Roles {
  /** `publisher` is what somebody with this role may do besides, when they are marked so. */
  roles: { id: string; permissions: string[]; publisher?: string[] }[];
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
export const createToken = (token: { name: string; scopes: string[]; expires_at?: string }) =>
  post<Token & { secret: string }>("/tokens", token);
export const revokeToken = (id: string) => del(`/tokens/${seg(id)}`);

export const changePassword = (old: string, fresh: string) => post("/me/password", { old, new: fresh });
export const changeMe = (change: Partial<Pick<Me, "name" | "language">> & { theme?: "" | "light" | "dark" }) =>
  patch<Me>("/me", change);
export const beginTotp = () => post<{ secret: string; otpauth: string }>("/me/totp", {});
export const confirmTotp = (code: string) => post<{ recovery_codes: string[] }>("/me/totp/confirm", { code });
export const endTotp = (password: string) => del("/me/totp", { password });
export const signOutEverywhere = () => post("/me/sign-out-everywhere", {});

/** What holds for everybody here. */
export interface Settings {
  name: string;
  /** Roles that must sign in with a second factor. */
  require_totp: string[];
  /** Whether somebody else must approve a draft before it is published. */
  approval: boolean;
  language: string;
  time_zone: string;
  /** Two letters; empty for none. */
  country: string;
  oidc: Provider[];
  retention: Retention;
}

/** For how long what happened is kept; 0 is for ever. */
export interface Retention {
  runs_days: number;
  messages_days: number;
  /** Megabytes that the database may use; 0 is any. */
  most_mb: number;
}

/** What would be removed now. */
export interface WouldGo {
  runs: number;
  messages: number;
  events: number;
  /** Whether there is more than was counted. */
  more: boolean;
  used_bytes: number;
}

/** A provider of OpenID Connect. */
export interface Provider {
  id: string;
  name: string;
  issuer: string;
  client_id: string;
  /** Only ever written; left out = as it was. */
  secret?: string | undefined;
  /** Whose addresses may come in; none = all. */
  domains: string[];
  /** What somebody becomes who was not invited; nothing = invited people only. */
  newcomers: string | null;
}

export type StoredSettings = Settings & { revision: string; changed_by: string | null; changed_at: string | null };

export const settingsQuery = queryOptions({
  queryKey: ["settings"],
  queryFn: ({ signal }) => get<StoredSettings>("/settings", undefined, signal),
});
export const retentionQuery = (retention: Retention) =>
  queryOptions({
    queryKey: ["settings", "retention", retention],
    queryFn: ({ signal }) => get<WouldGo>("/settings/retention", { ...retention }, signal),
    placeholderData: (before) => before,
    retry: false,
  });
export const saveSettings = (settings: Settings, revision: string) =>
  put<StoredSettings>("/settings", settings, revision);

export const systemQuery = queryOptions({
  queryKey: ["system"],
  queryFn: ({ signal }) => call<System>("GET", "/system", { signal }),
});
