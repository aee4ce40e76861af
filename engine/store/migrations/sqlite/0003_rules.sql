-- Documents of several kinds, and messages that nothing understood.

-- 0 flow, 1 tag rules. Ids are unique among all kinds, so the index of live versions stays as it is.
alter table version add column kind INTEGER not null default 0;

-- The newest few thousand only. The texts are copies: the message itself may be past its retention.
create table unmatched (
  event_id INTEGER primary key, contact_id INTEGER not null, at INTEGER not null, norm TEXT not null, text TEXT not null
) STRICT;
create index unmatched_contact on unmatched (contact_id);
