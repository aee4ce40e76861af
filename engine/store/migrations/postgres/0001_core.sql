-- The schema as SQLite's migrations 0001 to 0008 leave it: the same tables, columns and indexes (a test compares them). Ids
-- are 64-bit and made by the engine; times are UTC milliseconds; codes are those of `engine::store`. Texts are compared byte by
-- byte, as SQLite does. Rows that change often leave room in their pages, so that a change needs no index entry. One table is
-- PostgreSQL's own, `lease`; a partial index serves only statements that repeat its condition; the plans are tested
-- (`postgres/plans.rs`).

-- Who writes: see `postgres/lease.rs`. `boot` counts the processes that did, `written` is the last group of writes of this one.
create table lease (
  kind BIGINT not null, id BIGINT not null, boot BIGINT not null, beat_at BIGINT not null, written BIGINT not null,
  place TEXT collate "C" not null,
  primary key (kind, id)
) with (fillfactor = 10);

-- Texts of flows. Never changed but in `state`.
create table version (
  id BIGINT primary key, flow TEXT collate "C" not null, meaning BYTEA not null, text_no BIGINT not null, language BIGINT not null,
  source TEXT collate "C" not null, state BIGINT not null, owner TEXT collate "C" not null, by TEXT collate "C" not null, at BIGINT not null,
  kind BIGINT not null default 0, -- 0 flow, 1 tag rules
  unique (flow, meaning, text_no)
);
create unique index version_live on version (flow) where state = 1;

-- People. An erased one keeps its row and loses everything in it.
create table contact (
  id BIGINT primary key, salt BYTEA, name TEXT collate "C" not null, phone TEXT collate "C", language TEXT collate "C" not null, priority BIGINT not null,
  order_status TEXT collate "C" not null, fields TEXT collate "C" not null, consent TEXT collate "C" not null default '{}', last_at BIGINT, unread BIGINT not null, rev BIGINT not null,
  erased_at BIGINT
) with (fillfactor = 70);
create index contact_phone on contact (phone) where phone is not null;

-- One business number talking with one customer address. The address leads, because people are looked up by it.
create table conversation (
  id BIGINT primary key, contact_id BIGINT not null, number TEXT collate "C" not null, address TEXT collate "C" not null,
  connection TEXT collate "C" not null, window_closes_at BIGINT, session_messages BIGINT not null, session_opened_at BIGINT,
  last_in_at BIGINT, last_out_at BIGINT, rev BIGINT not null,
  unique (address, number)
) with (fillfactor = 70);
create index conversation_contact on conversation (contact_id);

create table contact_tag (
  contact_id BIGINT not null, tag TEXT collate "C" not null, source BIGINT not null, source_id TEXT collate "C" not null, event_id BIGINT,
  at BIGINT not null,
  primary key (contact_id, tag, source, source_id)
);
create index contact_tag_tag on contact_tag (tag, contact_id);

-- Append only, but for bodies that are erased. `key` is what makes a repeated delivery one event.
create table event (
  id BIGINT primary key, key BYTEA not null unique, mailbox BIGINT not null, contact_id BIGINT,
  conversation_id BIGINT, connection TEXT collate "C" not null, kind TEXT collate "C" not null, origin BIGINT not null, at BIGINT not null,
  provider_at BIGINT, depth BIGINT not null, format BIGINT not null, body BYTEA
);
create index event_mailbox on event (mailbox, id);
-- The two below are for erasing only, and hold few rows: a contact's own events are found by their mailbox.
create index event_elsewhere on event (contact_id) where contact_id <> mailbox;
create index event_nobody on event (id) where contact_id is null;

-- In and out; a status of a message we know nothing else of makes a row without a conversation.
create table message (
  id BIGINT primary key, conversation_id BIGINT, inbound BIGINT not null, event_id BIGINT, effect_key TEXT collate "C",
  external_key BYTEA not null unique, status BIGINT not null, status_at BIGINT, error TEXT collate "C", text TEXT collate "C", norm TEXT collate "C",
  cost TEXT collate "C"
);
create index message_conversation on message (conversation_id, id) where conversation_id is not null;
create index message_effect on message (effect_key) where effect_key is not null;

-- What waits in mailboxes. Deleted when consumed, so it stays tiny.
create table input (
  id BIGINT primary key, shard BIGINT not null, mailbox BIGINT not null, lane BIGINT not null,
  kind BIGINT not null, reference BIGINT not null, body BYTEA
) with (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 2000);
create index input_reference on input (reference, kind);

create table run (
  id BIGINT primary key, version_id BIGINT not null, mailbox BIGINT not null, shard BIGINT not null,
  contact_id BIGINT, conversation_id BIGINT, event_id BIGINT not null, status BIGINT not null,
  format BIGINT not null, state BYTEA not null, turns BIGINT not null, effects BIGINT not null,
  started_at BIGINT not null, ended_at BIGINT, error TEXT collate "C", erased_at BIGINT
) with (fillfactor = 70);
-- The status is there so that "which versions do open runs need" is read from the index alone.
create index run_open on run (mailbox, version_id, status) where status < 10;
create index run_status on run (status, id) where status <> 10;
create index run_version on run (version_id, id);
create index run_contact on run (contact_id, id) where contact_id is not null;
-- For erasing only: what an event of nobody started.
create index run_nobody on run (event_id) where contact_id is null;

-- Append only, but for `data`, which can be erased: the chain holds its digest.
create table journal (
  id BIGINT primary key, subject BIGINT not null, seq BIGINT not null, kind BIGINT not null, by TEXT collate "C" not null,
  contact_id BIGINT, at BIGINT not null, format BIGINT not null, body BYTEA not null, data BYTEA,
  data_digest BYTEA not null, strand BIGINT not null, block BIGINT not null,
  unique (subject, seq)
);
create index journal_block on journal (strand, block, id);
create index journal_contact on journal (contact_id, id) where contact_id is not null;

-- Outgoing calls that are not settled. Deleted when they are.
create table effect (
  id BIGINT primary key, run_id BIGINT not null, n BIGINT not null, key TEXT collate "C" not null, mailbox BIGINT not null,
  shard BIGINT not null, connection TEXT collate "C" not null, lane BIGINT not null, action TEXT collate "C" not null, window_id BIGINT,
  state BIGINT not null, attempt BIGINT not null, not_before BIGINT not null, deadline BIGINT not null,
  settle_until BIGINT, planned_at BIGINT not null, sent_at BIGINT, input BYTEA not null, attempts BYTEA not null,
  error TEXT collate "C" not null,
  unique (run_id, n)
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 2000);
create index effect_mailbox on effect (mailbox);
create index effect_unclear on effect (state, id) where state > 1;

create table wait (
  id BIGINT primary key, shard BIGINT not null, mailbox BIGINT not null, run_id BIGINT, cursor BIGINT not null,
  kind BIGINT not null, state BIGINT not null, on_kind TEXT collate "C", key TEXT collate "C", since BIGINT not null,
  due_at BIGINT not null, data BYTEA not null
) with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 2000);
create index wait_due on wait (due_at, id) where state = 0;
create index wait_mailbox on wait (mailbox, state);
create unique index wait_key on wait (kind, key) where key is not null and state = 0;

create table escalation (
  id BIGINT primary key, mailbox BIGINT not null, run_id BIGINT not null, contact_id BIGINT,
  conversation_id BIGINT, team TEXT collate "C" not null, reason TEXT collate "C" not null, received_at BIGINT not null,
  offered_at BIGINT not null, deadline BIGINT not null, accepted_at BIGINT, accepted_by TEXT collate "C",
  missed BIGINT not null
);
create index escalation_open on escalation (mailbox) where accepted_at is null;
create index escalation_contact on escalation (contact_id) where contact_id is not null;

create table bad_item (
  id BIGINT primary key, connection TEXT collate "C" not null, at BIGINT not null, raw TEXT collate "C" not null, why TEXT collate "C" not null
);

-- The audit chain: one block a group commit, a strand a process start. Strand 0 holds the anchors.
create table block (
  strand BIGINT not null, n BIGINT not null, at BIGINT not null, prev BYTEA not null, hash BYTEA not null,
  leaves BYTEA not null, mac BYTEA not null,
  primary key (strand, n)
);

-- What is nobody's and yet tells of a person: found, forgotten, and not written again.
create index run_erased on run (mailbox) where erased_at is not null and contact_id is null;
create index event_erased on event (mailbox) where body is null and contact_id is null;
create index journal_nobody on journal (id) where contact_id is null and data is not null;
create index message_nobody on message (event_id) where conversation_id is null and event_id is not null;
create index escalation_nobody on escalation (run_id) where contact_id is null;

-- Messages that nothing understood: the newest few thousand only. The texts are copies: the message itself may be past its retention.
create table unmatched (
  event_id BIGINT primary key, contact_id BIGINT not null, at BIGINT not null, norm TEXT collate "C" not null, text TEXT collate "C" not null
);
create index unmatched_contact on unmatched (contact_id);

-- What sends nothing until a person releases it: `all`, `channel:<connection>`, `flow:<id>`.
create table stop (
  scope TEXT collate "C" primary key, by TEXT collate "C" not null, at BIGINT not null
);

create table publication (
  flow TEXT collate "C" primary key, version_id BIGINT not null, removed BIGINT not null, choices TEXT collate "C" not null, by TEXT collate "C" not null,
  at BIGINT not null
);

-- `meaning` says whether a trigger is still the same one; `state` is 0 counting, 1 holding, 2 released by a person.
create table first_hour (
  flow TEXT collate "C" not null, trigger_id TEXT collate "C" not null, meaning BYTEA not null, since BIGINT not null, matches BIGINT not null,
  state BIGINT not null,
  primary key (flow, trigger_id)
);

-- People who work here. Of passwords, sessions, links, codes and tokens only hashes are kept; other secrets are sealed.

create table app_user (
  id BIGINT primary key, email TEXT collate "C" not null, name TEXT collate "C" not null, role BIGINT not null, publisher BIGINT not null,
  language TEXT collate "C" not null, theme TEXT collate "C" not null, password TEXT collate "C", totp BYTEA not null, totp_on BIGINT not null,
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
  id BIGINT primary key, name TEXT collate "C" not null, hash BYTEA not null unique, scopes TEXT collate "C" not null, by TEXT collate "C" not null,
  created_at BIGINT not null, expires_at BIGINT, used_at BIGINT
);

create table setting (
  id BIGINT primary key check (id = 1), body TEXT collate "C" not null, rev BIGINT not null, by TEXT collate "C" not null, at BIGINT not null
);

create table connection (
  id TEXT collate "C" primary key, connector TEXT collate "C" not null, settings TEXT collate "C" not null, sealed BYTEA not null, secrets TEXT collate "C" not null,
  rev BIGINT not null, by TEXT collate "C" not null, at BIGINT not null
);

-- What the editor keeps of documents apart from their versions.

-- A text that is being edited; it may be no valid document. The row outlives its text, so that a revision never comes back.
create table draft (
  flow TEXT collate "C" primary key, kind BIGINT not null, text TEXT collate "C", revision BIGINT not null, based_on BIGINT, by TEXT collate "C" not null,
  at BIGINT not null
);

-- Which version was put in force when, by whom, and with which words. Append only.
create table published (
  id BIGINT generated by default as identity primary key, flow TEXT collate "C" not null, version_id BIGINT not null,
  at BIGINT not null, by TEXT collate "C" not null, comment TEXT collate "C" not null, rollback BIGINT not null
);
create index published_flow on published (flow, id);

-- Labels are a JSON list.
create table flow_meta (
  flow TEXT collate "C" primary key, labels TEXT collate "C" not null, folder TEXT collate "C" not null
);

-- 0 asked, 1 approved, 2 declined.
create table review (
  flow TEXT collate "C" primary key, revision BIGINT not null, asked_by TEXT collate "C" not null, asked_at BIGINT not null, comment TEXT collate "C" not null,
  state BIGINT not null, answered_by TEXT collate "C", answered_at BIGINT, answer TEXT collate "C" not null
);

-- The planner keeps samples of what columns hold, which an erasure does not reach: of what tells of people it keeps none.
alter table contact alter name set statistics 0, alter phone set statistics 0, alter language set statistics 0,
  alter order_status set statistics 0, alter fields set statistics 0, alter consent set statistics 0, alter salt set statistics 0;
alter table conversation alter address set statistics 0;
alter table contact_tag alter tag set statistics 0, alter source_id set statistics 0;
alter table event alter body set statistics 0;
alter table message alter external_key set statistics 0, alter error set statistics 0, alter text set statistics 0,
  alter norm set statistics 0;
alter table input alter body set statistics 0;
alter table run alter state set statistics 0;
alter table journal alter data set statistics 0;
alter table effect alter key set statistics 0, alter action set statistics 0, alter connection set statistics 0,
  alter input set statistics 0, alter attempts set statistics 0, alter error set statistics 0;
alter table wait alter on_kind set statistics 0, alter key set statistics 0, alter data set statistics 0;
alter table escalation alter reason set statistics 0;
alter table unmatched alter norm set statistics 0, alter text set statistics 0;
alter table bad_item alter raw set statistics 0, alter why set statistics 0;
