-- The desk: what is asked of humans, teams, and what is set of agents. Who is here and who is asked now are rows of `wait`.

-- `kind` 0 escalation, 1 lead; `stage` 0 waiting, 1 offered, 2 team, 3 taken, 4 missed, 5 out of hours, 6 closed; `done`: the desk
-- is done with it.
alter table escalation add column kind BIGINT not null default 0;
alter table escalation add column stage BIGINT not null default 2;
alter table escalation add column customer TEXT collate "C" not null default '';
alter table escalation add column provider_at BIGINT;
alter table escalation add column accepted_user BIGINT;
alter table escalation add column answered_at BIGINT;
alter table escalation add column fallback_at BIGINT;
alter table escalation add column told_at BIGINT;
alter table escalation add column out_of_hours BIGINT not null default 0;
alter table escalation add column done BIGINT not null default 0;
update escalation set stage = 3, done = 1 where accepted_at is not null;
-- What was missed before there was a desk is over.
update escalation set stage = 6, done = 1 where accepted_at is null and missed = 1;
-- The desk is mailbox 1, which lies in shard 39.
update escalation set mailbox = 1 where done = 0;
update wait set mailbox = 1, shard = 39 where kind = 6 and state = 0;
drop index escalation_open;
create index escalation_open on escalation (mailbox) where done = 0;
create index escalation_received on escalation (received_at);

create table team (
  id TEXT collate "C" primary key, body TEXT collate "C" not null, rev BIGINT not null, by TEXT collate "C" not null, at BIGINT not null
);

create table agent_profile (
  user_id BIGINT primary key, body TEXT collate "C" not null, rev BIGINT not null, by TEXT collate "C" not null, at BIGINT not null
);
