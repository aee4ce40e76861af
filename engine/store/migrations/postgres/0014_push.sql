-- Browsers of people who work here that are told also when no page is open, and the sealed key that proves who tells them.

create table push (
  endpoint TEXT collate "C" primary key, user_id BIGINT not null, p256dh BYTEA not null, auth BYTEA not null, alarms BIGINT not null,
  agent TEXT collate "C" not null, at BIGINT not null
);

-- One row.
create table push_key (id BIGINT primary key, sealed BYTEA not null);
