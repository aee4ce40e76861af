-- What happens to runs from outside: publications that waiting runs are still told of, and the first hour of triggers.

create table publication (
  flow TEXT collate "C" primary key, version_id BIGINT not null, removed BIGINT not null, choices TEXT collate "C" not null,
  by TEXT collate "C" not null,
  at BIGINT not null
);

-- `meaning` says whether a trigger is still the same one; `state` is 0 counting, 1 holding, 2 released by a person.
create table first_hour (
  flow TEXT collate "C" not null, trigger_id TEXT collate "C" not null, meaning BYTEA not null, since BIGINT not null,
  matches BIGINT not null,
  state BIGINT not null,
  primary key (flow, trigger_id)
);
