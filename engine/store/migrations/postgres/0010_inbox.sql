-- The shared inbox: who has which conversation, what people said in it, what customers answered about it.

-- `place` is 0 closed, 1 open and the flows', 2 open and waiting for a human, 3 somebody's. `active_at` is when something was
-- last said: the order of every list.
alter table conversation add column place BIGINT not null default 0;
alter table conversation add column assignee BIGINT;
alter table conversation add column team TEXT collate "C";
alter table conversation add column last_agent BIGINT;
alter table conversation add column unread BIGINT not null default 0;
alter table conversation add column active_at BIGINT;
alter table conversation add column closed_at BIGINT;
alter table conversation add column paused_until BIGINT;
update conversation set place = 1, active_at = greatest(coalesce(last_in_at, 0), coalesce(last_out_at, 0))
  where last_in_at is not null or last_out_at is not null;
create index conversation_place on conversation (place, active_at);
create index conversation_assignee on conversation (assignee, active_at) where assignee is not null;
create index conversation_team on conversation (team, active_at) where team is not null;

-- Whether a call is held while a person talks with the contact whose mailbox it is.
alter table effect add column yields BIGINT not null default 0;

-- Messages and notes of people here. `key` is the client's; `body` is JSON of `engine::inbox::Said`.
create table said (
  id BIGINT primary key, conversation_id BIGINT not null, kind BIGINT not null, by BIGINT, at BIGINT not null, key TEXT collate "C",
  text TEXT collate "C", body TEXT collate "C", state BIGINT not null, error TEXT collate "C"
);
create index said_conversation on said (conversation_id, id);
create unique index said_key on said (conversation_id, key) where key is not null;

-- `id` is the event that brought the answer; `stars` counts from 1 to `best`.
create table rating (
  id BIGINT primary key, conversation_id BIGINT not null, at BIGINT not null, agent BIGINT, team TEXT collate "C",
  stars BIGINT not null, best BIGINT not null
);
create index rating_at on rating (at);

-- Texts that agents send often. `texts` is a JSON object by language.
create table snippet (
  id TEXT collate "C" primary key, title TEXT collate "C" not null, shortcut TEXT collate "C" not null, texts TEXT collate "C" not null, rev BIGINT not null,
  by TEXT collate "C" not null, at BIGINT not null
);
