-- What the editor keeps of documents apart from their versions.

-- A text that is being edited; it may be no valid document. The row outlives its text, so that a revision never comes back.
create table draft (
  flow TEXT primary key, kind INTEGER not null, text TEXT, revision INTEGER not null, based_on INTEGER, by TEXT not null,
  at INTEGER not null
) STRICT;

-- Which version was put in force when, by whom, and with which words. Append only.
create table published (
  id INTEGER primary key, flow TEXT not null, version_id INTEGER not null, at INTEGER not null, by TEXT not null,
  comment TEXT not null, rollback INTEGER not null
) STRICT;
create index published_flow on published (flow, id);

-- Labels are a JSON list.
create table flow_meta (
  flow TEXT primary key, labels TEXT not null, folder TEXT not null
) STRICT;

-- 0 asked, 1 approved, 2 declined.
create table review (
  flow TEXT primary key, revision INTEGER not null, asked_by TEXT not null, asked_at INTEGER not null, comment TEXT not null,
  state INTEGER not null, answered_by TEXT, answered_at INTEGER, answer TEXT not null
) STRICT;
