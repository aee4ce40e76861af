-- What is old enough goes: which rows of a block are gone, and the records of that.

alter table block add column gone BLOB not null default x'';
create index journal_removal on journal (id) where kind = 5;
