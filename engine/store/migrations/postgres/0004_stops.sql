-- What sends nothing until a person releases it: `all`, `channel:<connection>`, `flow:<id>`.
create table stop (
  scope TEXT collate "C" primary key, by TEXT collate "C" not null, at BIGINT not null
);
