-- What happens to runs from outside: publications that waiting runs are still told of, and the first hour of triggers.

create table publication (
  flow TEXT primary key, version_id INTEGER not null, removed INTEGER not null, choices TEXT not null, by TEXT not null,
  at INTEGER not null
) STRICT;

-- `meaning` says whether a trigger is still the same one; `state` is 0 counting, 1 holding, 2 released by a person.
create table first_hour (
  flow TEXT not null, trigger_id TEXT not null, meaning BLOB not null, since INTEGER not null, matches INTEGER not null,
  state INTEGER not null,
  primary key (flow, trigger_id)
) STRICT;
