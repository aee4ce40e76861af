-- What a person agreed to or refused: a JSON object, purpose -> boolean.
alter table contact add column consent TEXT collate "C" not null default '{}';
alter table contact alter consent set statistics 0;
