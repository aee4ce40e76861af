-- Browsers of people who work here that are told also when no page is open, and the sealed key that proves who tells them.

create table push (
  endpoint TEXT primary key, user_id INTEGER not null, p256dh BLOB not null, auth BLOB not null, alarms INTEGER not null,
  agent TEXT not null, at INTEGER not null
) STRICT;

-- One row.
create table push_key (id INTEGER primary key, sealed BLOB not null) STRICT;
