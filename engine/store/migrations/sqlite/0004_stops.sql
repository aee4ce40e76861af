-- What sends nothing until a person releases it: `all`, `channel:<connection>`, `flow:<id>`.
create table stop (
  scope TEXT primary key, by TEXT not null, at INTEGER not null
) STRICT;
