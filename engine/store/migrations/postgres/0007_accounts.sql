-- People who work here. Of passwords, sessions, links, codes and tokens only hashes are kept; other secrets are sealed.

create table app_user (
  id BIGINT primary key, email TEXT collate "C" not null, name TEXT collate "C" not null, role BIGINT not null,
  publisher BIGINT not null,
  language TEXT collate "C" not null, theme TEXT collate "C" not null, password TEXT collate "C", totp BYTEA not null,
  totp_on BIGINT not null,
  totp_step BIGINT not null, state BIGINT not null, rev BIGINT not null, created_at BIGINT not null,
  signed_in_at BIGINT
);
-- 3 = removed: the address is free again.
create unique index app_user_email on app_user (email) where state <> 3;

create table recovery_code (
  user_id BIGINT not null, hash BYTEA not null,
  primary key (user_id, hash)
);

create table session (
  hash BYTEA primary key, user_id BIGINT not null, created_at BIGINT not null, seen_at BIGINT not null,
  expires_at BIGINT not null, address TEXT collate "C" not null, agent TEXT collate "C" not null
);
create index session_of_user on session (user_id);

-- Links that work once. 0 set-up, 1 invitation.
create table link (
  hash BYTEA primary key, kind BIGINT not null, user_id BIGINT, expires_at BIGINT not null
);

create table token (
  id BIGINT primary key, name TEXT collate "C" not null, hash BYTEA not null unique, scopes TEXT collate "C" not null,
  by TEXT collate "C" not null,
  created_at BIGINT not null, expires_at BIGINT, used_at BIGINT
);

create table setting (
  id BIGINT primary key check (id = 1), body TEXT collate "C" not null, rev BIGINT not null, by TEXT collate "C" not null,
  at BIGINT not null
);

create table connection (
  id TEXT collate "C" primary key, connector TEXT collate "C" not null, settings TEXT collate "C" not null,
  sealed BYTEA not null, secrets TEXT collate "C" not null,
  rev BIGINT not null, by TEXT collate "C" not null, at BIGINT not null
);
