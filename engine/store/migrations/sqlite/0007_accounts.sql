-- People who work here. Of passwords, sessions, links, codes and tokens only hashes are kept; other secrets are sealed.

create table app_user (
  id INTEGER primary key, email TEXT not null, name TEXT not null, role INTEGER not null, publisher INTEGER not null,
  language TEXT not null, theme TEXT not null, password TEXT, totp BLOB not null, totp_on INTEGER not null,
  totp_step INTEGER not null, state INTEGER not null, rev INTEGER not null, created_at INTEGER not null,
  signed_in_at INTEGER
) STRICT;
-- 3 = removed: the address is free again.
create unique index app_user_email on app_user (email) where state <> 3;

create table recovery_code (
  user_id INTEGER not null, hash BLOB not null,
  primary key (user_id, hash)
) STRICT;

create table session (
  hash BLOB primary key, user_id INTEGER not null, created_at INTEGER not null, seen_at INTEGER not null,
  expires_at INTEGER not null, address TEXT not null, agent TEXT not null
) STRICT;
create index session_user on session (user_id);

-- Links that work once. 0 set-up, 1 invitation.
create table link (
  hash BLOB primary key, kind INTEGER not null, user_id INTEGER, expires_at INTEGER not null
) STRICT;

create table token (
  id INTEGER primary key, name TEXT not null, hash BLOB not null unique, scopes TEXT not null, by TEXT not null,
  created_at INTEGER not null, expires_at INTEGER, used_at INTEGER
) STRICT;

create table setting (
  id INTEGER primary key check (id = 1), body TEXT not null, rev INTEGER not null, by TEXT not null, at INTEGER not null
) STRICT;

create table connection (
  id TEXT primary key, connector TEXT not null, settings TEXT not null, sealed BLOB not null, secrets TEXT not null,
  rev INTEGER not null, by TEXT not null, at INTEGER not null
) STRICT;
