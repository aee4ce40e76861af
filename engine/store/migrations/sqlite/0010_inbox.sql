-- The shared inbox: who has which conversation, what people said in it, what customers answered about it.

-- `place` is 0 closed, 1 open and the flows', 2 open and waiting for a human, 3 somebody's. `active_at` is when something was
-- last said: the order of every list.
alter table conversation add column place INTEGER not null default 0;
alter table conversation add column assignee INTEGER;
alter table conversation add column team TEXT;
alter table conversation add column last_agent INTEGER;
alter table conversation add column unread INTEGER not null default 0;
alter table conversation add column active_at INTEGER;
alter table conversation add column closed_at INTEGER;
alter table conversation add column paused_until INTEGER;
update conversation set place = 1, active_at = max(coalesce(last_in_at, 0), coalesce(last_out_at, 0))
  where last_in_at is not null or last_out_at is not null;
create index conversation_place on conversation (place, active_at);
create index conversation_assignee on conversation (assignee, active_at) where assignee is not null;
create index conversation_team on conversation (team, active_at) where team is not null;

-- Whether a call is held while a person talks with the contact whose mailbox it is.
alter table effect add column yields INTEGER not null default 0;

-- Messages and notes of people here. `key` is the client's; `body` is JSON of `engine::inbox::Said`.
create table said (
  id INTEGER primary key, conversation_id INTEGER not null, kind INTEGER not null, by INTEGER, at INTEGER not null, key TEXT,
  text TEXT, body TEXT, state INTEGER not null, error TEXT
) STRICT;
create index said_conversation on said (conversation_id, id);
create unique index said_key on said (conversation_id, key) where key is not null;

-- `id` is the event that brought the answer; `stars` counts from 1 to `best`.
create table rating (
  id INTEGER primary key, conversation_id INTEGER not null, at INTEGER not null, agent INTEGER, team TEXT,
  stars INTEGER not null, best INTEGER not null
) STRICT;
create index rating_at on rating (at);

-- Texts that agents send often. `texts` is a JSON object by language.
create table snippet (
  id TEXT primary key, title TEXT not null, shortcut TEXT not null, texts TEXT not null, rev INTEGER not null,
  by TEXT not null, at INTEGER not null
) STRICT;
