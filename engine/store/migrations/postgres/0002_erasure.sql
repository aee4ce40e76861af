-- What is nobody's and yet tells of a person: found, forgotten, and not written again.

-- When what the run tells of a person was deleted.
alter table run add column erased_at BIGINT;
create index run_erased on run (mailbox) where erased_at is not null and contact_id is null;
create index event_erased on event (mailbox) where body is null and contact_id is null;
create index journal_nobody on journal (id) where contact_id is null and data is not null;
create index message_nobody on message (event_id) where conversation_id is null and event_id is not null;
create index escalation_nobody on escalation (run_id) where contact_id is null;
