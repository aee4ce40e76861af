-- What is old enough goes: which rows of a block are gone, and the records of that.

alter table block add column gone BYTEA not null default '\x';
create index journal_removal on journal (id) where kind = 5;

-- Rows leave these tables in small groups: what they leave is to be of use again soon, before a fifth of the table is dead.
alter table run set (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 2000);
alter table journal set (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 2000);
alter table event set (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 2000);
alter table message set (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 2000);
alter table block set (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 2000);
