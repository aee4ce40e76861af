-- The core schema. Ids are 64-bit and made by the engine; times are UTC milliseconds; codes are those of `engine::store`.
-- A partial index serves only statements that repeat its condition word for word; the plans are tested (`sqlite/plans.rs`).

-- Texts of flows. Never changed but in `state`.
create table version (
  id INTEGER primary key, flow TEXT not null, meaning BLOB not null, text_no INTEGER not null, language INTEGER not null,
  source TEXT not null, state INTEGER not null, owner TEXT not null, by TEXT not null, at INTEGER not null,
  unique (flow, meaning, text_no)
) STRICT;
create unique index version_live on version (flow) where state = 1;

-- People. An erased one keeps its row and loses everything in it.
create table contact (
  id INTEGER primary key, salt BLOB, name TEXT not null, phone TEXT, language TEXT not null, priority INTEGER not null,
  order_status TEXT not null, fields TEXT not null, last_at INTEGER, unread INTEGER not null, rev INTEGER not null,
  erased_at INTEGER
) STRICT;
create index contact_phone on contact (phone) where phone is not null;

-- One business number talking with one customer address. The address leads, because people are looked up by it.
create table conversation (
  id INTEGER primary key, contact_id INTEGER not null, number TEXT not null, address TEXT not null,
  connection TEXT not null, window_closes_at INTEGER, session_messages INTEGER not null, session_opened_at INTEGER,
  last_in_at INTEGER, last_out_at INTEGER, rev INTEGER not null,
  unique (address, number)
) STRICT;
create index conversation_contact on conversation (contact_id);

create table contact_tag (
  contact_id INTEGER not null, tag TEXT not null, source INTEGER not null, source_id TEXT not null, event_id INTEGER,
  at INTEGER not null,
  primary key (contact_id, tag, source, source_id)
) STRICT;
create index contact_tag_tag on contact_tag (tag, contact_id);

-- Append only, but for bodies that are erased. `key` is what makes a repeated delivery one event.
create table event (
  id INTEGER primary key, key BLOB not null unique, mailbox INTEGER not null, contact_id INTEGER,
  conversation_id INTEGER, connection TEXT not null, kind TEXT not null, origin INTEGER not null, at INTEGER not null,
  provider_at INTEGER, depth INTEGER not null, format INTEGER not null, body BLOB
) STRICT;
create index event_mailbox on event (mailbox, id);
-- The two below are for erasing only, and hold few rows: a contact's own events are found by their mailbox.
create index event_elsewhere on event (contact_id) where contact_id <> mailbox;
create index event_nobody on event (id) where contact_id is null;

-- In and out; a status of a message we know nothing else of makes a row without a conversation.
create table message (
  id INTEGER primary key, conversation_id INTEGER, inbound INTEGER not null, event_id INTEGER, effect_key TEXT,
  external_key BLOB not null unique, status INTEGER not null, status_at INTEGER, error TEXT, text TEXT, norm TEXT,
  cost TEXT
) STRICT;
create index message_conversation on message (conversation_id, id) where conversation_id is not null;
create index message_effect on message (effect_key) where effect_key is not null;

-- What waits in mailboxes. Deleted when consumed, so it stays tiny.
create table input (
  id INTEGER primary key, shard INTEGER not null, mailbox INTEGER not null, lane INTEGER not null,
  kind INTEGER not null, reference INTEGER not null, body BLOB
) STRICT;
create index input_reference on input (reference, kind);

create table run (
  id INTEGER primary key, version_id INTEGER not null, mailbox INTEGER not null, shard INTEGER not null,
  contact_id INTEGER, conversation_id INTEGER, event_id INTEGER not null, status INTEGER not null,
  format INTEGER not null, state BLOB not null, turns INTEGER not null, effects INTEGER not null,
  started_at INTEGER not null, ended_at INTEGER, error TEXT
) STRICT;
-- The status is there so that "which versions do open runs need" is read from the index alone.
create index run_open on run (mailbox, version_id, status) where status < 10;
create index run_status on run (status, id) where status <> 10;
create index run_version on run (version_id, id);
create index run_contact on run (contact_id, id) where contact_id is not null;
-- For erasing only: what an event of nobody started.
create index run_nobody on run (event_id) where contact_id is null;

-- Append only, but for `data`, which can be erased: the chain holds its digest.
create table journal (
  id INTEGER primary key, subject INTEGER not null, seq INTEGER not null, kind INTEGER not null, by TEXT not null,
  contact_id INTEGER, at INTEGER not null, format INTEGER not null, body BLOB not null, data BLOB,
  data_digest BLOB not null, strand INTEGER not null, block INTEGER not null,
  unique (subject, seq)
) STRICT;
create index journal_block on journal (strand, block, id);
create index journal_contact on journal (contact_id, id) where contact_id is not null;

-- Outgoing calls that are not settled. Deleted when they are.
create table effect (
  id INTEGER primary key, run_id INTEGER not null, n INTEGER not null, key TEXT not null, mailbox INTEGER not null,
  shard INTEGER not null, connection TEXT not null, lane INTEGER not null, action TEXT not null, window_id INTEGER,
  state INTEGER not null, attempt INTEGER not null, not_before INTEGER not null, deadline INTEGER not null,
  settle_until INTEGER, planned_at INTEGER not null, sent_at INTEGER, input BLOB not null, attempts BLOB not null,
  error TEXT not null,
  unique (run_id, n)
) STRICT;
create index effect_mailbox on effect (mailbox);
create index effect_unclear on effect (state, id) where state > 1;

create table wait (
  id INTEGER primary key, shard INTEGER not null, mailbox INTEGER not null, run_id INTEGER, cursor INTEGER not null,
  kind INTEGER not null, state INTEGER not null, on_kind TEXT, key TEXT, since INTEGER not null,
  due_at INTEGER not null, data BLOB not null
) STRICT;
create index wait_due on wait (due_at, id) where state = 0;
create index wait_mailbox on wait (mailbox, state);
create unique index wait_key on wait (kind, key) where key is not null and state = 0;

create table escalation (
  id INTEGER primary key, mailbox INTEGER not null, run_id INTEGER not null, contact_id INTEGER,
  conversation_id INTEGER, team TEXT not null, reason TEXT not null, received_at INTEGER not null,
  offered_at INTEGER not null, deadline INTEGER not null, accepted_at INTEGER, accepted_by TEXT,
  missed INTEGER not null
) STRICT;
create index escalation_open on escalation (mailbox) where accepted_at is null;
create index escalation_contact on escalation (contact_id) where contact_id is not null;

create table bad_item (
  id INTEGER primary key, connection TEXT not null, at INTEGER not null, raw TEXT not null, why TEXT not null
) STRICT;

-- The audit chain: one block a group commit, a strand a process start. Strand 0 holds the anchors.
create table block (
  strand INTEGER not null, n INTEGER not null, at INTEGER not null, prev BLOB not null, hash BLOB not null,
  leaves BLOB not null, mac BLOB not null,
  primary key (strand, n)
) STRICT;
