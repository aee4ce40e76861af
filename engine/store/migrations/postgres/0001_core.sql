-- The core schema: the same tables, columns and indexes as SQLite's (a test compares them), file for file. Ids are 64-bit and made
-- by the engine; times are UTC milliseconds; codes are those of `engine::store`. Texts are compared byte by byte, as SQLite does.
-- Tables whose rows change often leave room in their pages, so that a change needs no index entry. One table is PostgreSQL's
-- own, `lease`; a partial index serves only statements that repeat its condition; the plans are tested (`postgres/plans.rs`).

-- Who writes: see `postgres/lease.rs`. `boot` counts the processes that did, `written` is the last group of writes of this one.
create table lease (
  kind BIGINT not null, id BIGINT not null, boot BIGINT not null, beat_at BIGINT not null, written BIGINT not null,
  place TEXT collate "C" not null,
  primary key (kind, id)
) with (fillfactor = 10);

-- Texts of flows. Never changed but in `state`.
create table version (
  id BIGINT primary key, flow TEXT collate "C" not null, meaning BYTEA not null, text_no BIGINT not null, language BIGINT not null,
  source TEXT collate "C" not null, state BIGINT not null, owner TEXT collate "C" not null, by TEXT collate "C" not null,
  at BIGINT not null,
  unique (flow, meaning, text_no)
);
create unique index version_live on version (flow) where state = 1;

-- People. An erased one keeps its row and loses everything in it.
create table contact (
  id BIGINT primary key, salt BYTEA, name TEXT collate "C" not null, phone TEXT collate "C", language TEXT collate "C" not null,
  priority BIGINT not null,
  order_status TEXT collate "C" not null, fields TEXT collate "C" not null, last_at BIGINT, unread BIGINT not null,
  rev BIGINT not null,
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
  contact_id BIGINT not null, tag TEXT collate "C" not null, source BIGINT not null, source_id TEXT collate "C" not null,
  event_id BIGINT,
  at BIGINT not null,
  primary key (contact_id, tag, source, source_id)
);
create index contact_tag_tag on contact_tag (tag, contact_id);

-- Append only, but for bodies that are erased. `key` is what makes a repeated delivery one event.
create table event (
  id BIGINT primary key, key BYTEA not null unique, mailbox BIGINT not null, contact_id BIGINT,
  conversation_id BIGINT, connection TEXT collate "C" not null, kind TEXT collate "C" not null, origin BIGINT not null,
  at BIGINT not null,
  provider_at BIGINT, depth BIGINT not null, format BIGINT not null, body BYTEA
);
create index event_mailbox on event (mailbox, id);
-- The two below are for erasing only, and hold few rows: a contact's own events are found by their mailbox.
create index event_elsewhere on event (contact_id) where contact_id <> mailbox;
create index event_nobody on event (id) where contact_id is null;

-- In and out; a status of a message we know nothing else of makes a row without a conversation.
create table message (
  id BIGINT primary key, conversation_id BIGINT, inbound BIGINT not null, event_id BIGINT, effect_key TEXT collate "C",
  external_key BYTEA not null unique, status BIGINT not null, status_at BIGINT, error TEXT collate "C", text TEXT collate "C",
  norm TEXT collate "C",
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
  started_at BIGINT not null, ended_at BIGINT, error TEXT collate "C"
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
  shard BIGINT not null, connection TEXT collate "C" not null, lane BIGINT not null, action TEXT collate "C" not null,
  window_id BIGINT,
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
  id BIGINT primary key, connection TEXT collate "C" not null, at BIGINT not null, raw TEXT collate "C" not null,
  why TEXT collate "C" not null
);

-- The audit chain: one block a group commit, a strand a process start. Strand 0 holds the anchors.
create table block (
  strand BIGINT not null, n BIGINT not null, at BIGINT not null, prev BYTEA not null, hash BYTEA not null,
  leaves BYTEA not null, mac BYTEA not null,
  primary key (strand, n)
);

-- The planner keeps samples of what columns hold, which an erasure does not reach: of what tells of people it keeps none.
alter table contact alter name set statistics 0, alter phone set statistics 0, alter language set statistics 0,
  alter order_status set statistics 0, alter fields set statistics 0, alter salt set statistics 0;
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
alter table bad_item alter raw set statistics 0, alter why set statistics 0;
