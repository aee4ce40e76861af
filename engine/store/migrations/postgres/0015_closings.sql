-- Sessions of conversations that people closed: how long it took from the customer's first message.

create table closing (
  id BIGINT primary key, conversation_id BIGINT not null, opened_at BIGINT not null, at BIGINT not null, agent BIGINT,
  team TEXT collate "C"
);
create index closing_at on closing (at);
