-- Documents of several kinds, and messages that nothing understood.

-- 0 flow, 1 tag rules. Ids are unique among all kinds, so the index of live versions stays as it is.
alter table version add column kind BIGINT not null default 0;

-- The newest few thousand only. The texts are copies: the message itself may be past its retention.
create table unmatched (
  event_id BIGINT primary key, contact_id BIGINT not null, at BIGINT not null, norm TEXT collate "C" not null,
  text TEXT collate "C" not null
);
create index unmatched_contact on unmatched (contact_id);
alter table unmatched alter norm set statistics 0, alter text set statistics 0;
