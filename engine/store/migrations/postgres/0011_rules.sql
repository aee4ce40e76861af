-- How often tag rules held.

-- One row for each rule, UTC day and strand of the chain, so that writers never wait for each other. `day` counts from 1970.
create table rule_hit (
  day BIGINT not null, rules TEXT collate "C" not null, rule TEXT collate "C" not null, strand BIGINT not null, held BIGINT not null,
  watched BIGINT not null, last_at BIGINT not null,
  primary key (day, rules, rule, strand)
);

-- Operations over many contacts that give or take a rule's tags, and who is still to come.
create table retag (
  id BIGINT primary key, rules TEXT collate "C" not null, rule TEXT collate "C" not null, what TEXT collate "C" not null, by TEXT collate "C" not null, at BIGINT not null,
  total BIGINT not null, done BIGINT not null, changed BIGINT not null, ended_at BIGINT
);
create table retag_contact (
  retag_id BIGINT not null, contact_id BIGINT not null, primary key (retag_id, contact_id)
);
