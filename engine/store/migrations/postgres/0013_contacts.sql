-- Contacts brought in from files, contacts that are one person, what tags mean, and messages that people marked.

-- What became of a file; the file itself is not kept.
create table import (
  id BIGINT primary key, name TEXT collate "C" not null, by TEXT collate "C" not null, at BIGINT not null, total BIGINT not null,
  created BIGINT not null, changed BIGINT not null, same BIGINT not null, refused BIGINT not null,
  refusals TEXT collate "C" not null, state BIGINT not null, ended_at BIGINT
);

-- With whom a contact became one. Its row stays: for runs that began with it, and to part the two again.
alter table contact add column merged_into BIGINT;
-- Whose a number is, from the index alone.
drop index contact_phone;
create index contact_phone on contact (phone, id, merged_into) where phone is not null;
create index contact_merged on contact (merged_into) where merged_into is not null;
create table merge (
  id BIGINT primary key, kept BIGINT not null, joined BIGINT not null, by TEXT collate "C" not null, at BIGINT not null,
  before TEXT collate "C", parted_at BIGINT, parted_by TEXT collate "C"
);
create index merge_kept on merge (kept);
create index merge_joined on merge (joined);

-- What a tag means. A tag without a row is one that nobody wrote down.
create table tag_meaning (
  tag TEXT collate "C" primary key, family TEXT collate "C" not null, meaning TEXT collate "C" not null, colour TEXT collate "C" not null, crm_field TEXT collate "C" not null,
  by TEXT collate "C" not null, at BIGINT not null
);

-- Messages with what people say of them: which tags each should give and which not, as JSON, tag -> boolean.
create table label (
  event_id BIGINT primary key, contact_id BIGINT not null, text TEXT collate "C" not null, language TEXT collate "C" not null,
  tags TEXT collate "C" not null, by TEXT collate "C" not null, at BIGINT not null
);
create index label_contact on label (contact_id);
alter table merge alter column before set statistics 0;
alter table label alter column text set statistics 0, alter column language set statistics 0, alter column tags set statistics 0;
