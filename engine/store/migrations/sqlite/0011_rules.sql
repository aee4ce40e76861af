-- How often tag rules held.

-- One row for each rule, UTC day and strand of the chain, so that writers never wait for each other. `day` counts from 1970.
create table rule_hit (
  day INTEGER not null, rules TEXT not null, rule TEXT not null, strand INTEGER not null, held INTEGER not null,
  watched INTEGER not null, last_at INTEGER not null,
  primary key (day, rules, rule, strand)
) STRICT, WITHOUT ROWID;

-- Operations over many contacts that give or take a rule's tags, and who is still to come.
create table retag (
  id INTEGER primary key, rules TEXT not null, rule TEXT not null, what TEXT not null, by TEXT not null, at INTEGER not null,
  total INTEGER not null, done INTEGER not null, changed INTEGER not null, ended_at INTEGER
) STRICT;
create table retag_contact (
  retag_id INTEGER not null, contact_id INTEGER not null, primary key (retag_id, contact_id)
) STRICT, WITHOUT ROWID;
