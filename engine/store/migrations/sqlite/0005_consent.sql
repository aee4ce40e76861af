-- What a person agreed to or refused: a JSON object, purpose -> boolean.
alter table contact add column consent TEXT not null default '{}';
