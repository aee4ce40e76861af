-- Sessions of conversations that people closed: how long it took from the customer's first message.

create table closing (
  id INTEGER primary key, conversation_id INTEGER not null, opened_at INTEGER not null, at INTEGER not null, agent INTEGER,
  team TEXT
) STRICT;
create index closing_at on closing (at);
