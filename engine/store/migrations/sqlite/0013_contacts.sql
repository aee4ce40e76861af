-- Contacts brought in from files, contacts that are one person, what tags mean, and messages that people marked.

-- What became of a file; the file itself is not kept.
create table import (
  id INTEGER primary key, name TEXT not null, by TEXT not null, at INTEGER not null, total INTEGER not null,
  created INTEGER not null, changed INTEGER not null, same INTEGER not null, refused INTEGER not null,
  refusals TEXT not null, state INTEGER not null, ended_at INTEGER
) STRICT;

-- With whom a contact became one. Its row stays: for runs that began with it, and to part the two again.
alter table contact add column merged_into INTEGER;
-- Whose a number is, from the index alone.
drop index contact_phone;
create index contact_phone on contact (phone, id, merged_into) where phone is not null;
create index contact_merged on contact (merged_into) where merged_into is not null;
create table merge (
  id INTEGER primary key, kept INTEGER not null, joined INTEGER not null, by TEXT not null, at INTEGER not null,
  before TEXT, parted_at INTEGER, parted_by TEXT
) STRICT;
create index merge_kept on merge (kept);
create index merge_joined on merge (joined);

-- What a tag means. A tag without a row is one that nobody wrote down.
create table tag_meaning (
  tag TEXT primary key, family TEXT not null, meaning TEXT not null, colour TEXT not null, crm_field TEXT not null,
  by TEXT not null, at INTEGER not null
) STRICT, WITHOUT ROWID;

-- Messages with what people say of them: which tags each should give and which not, as JSON, tag -> boolean.
create table label (
  event_id INTEGER primary key, contact_id INTEGER not null, text TEXT not null, language TEXT not null,
  tags TEXT not null, by TEXT not null, at INTEGER not null
) STRICT;
create index label_contact on label (contact_id);
