-- Who is named in which note among people here, and whether they have looked at it.

create table mention (
  said_id INTEGER not null, agent INTEGER not null, conversation_id INTEGER not null, seen INTEGER not null, primary key (said_id, agent)
) STRICT, without rowid;
create index mention_agent on mention (agent, seen, said_id desc);
