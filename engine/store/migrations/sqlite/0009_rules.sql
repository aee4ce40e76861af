-- How often tag rules held.

-- One row for each rule, UTC day and strand of the chain, so that writers never wait for each other. `day` counts from 1970.
create table rule_hit (
  day INTEGER not null, rules TEXT not null, rule TEXT not null, strand INTEGER not null, held INTEGER not null,
  watched INTEGER not null, last_at INTEGER not null,
  primary key (day, rules, rule, strand)
) STRICT, WITHOUT ROWID;
