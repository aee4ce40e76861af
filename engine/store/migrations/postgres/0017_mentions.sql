-- Who is named in which note among people here, and whether they have looked at it.

create table mention (
  said_id BIGINT not null, agent BIGINT not null, conversation_id BIGINT not null, seen BIGINT not null, primary key (said_id, agent)
);
create index mention_agent on mention (agent, seen, said_id desc);
