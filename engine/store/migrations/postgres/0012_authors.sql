-- Who wrote a draft, and who wrote a version before it was put in force: JSON lists, in the order of their first words.
alter table draft add column authors TEXT collate "C" not null default '[]';
alter table published add column authors TEXT collate "C" not null default '[]';

-- Counts the changes of labels and folder.
alter table flow_meta add column rev BIGINT not null default 0;

-- Whom a provider of OpenID Connect vouched for first: the account is this one's and nobody else's.
alter table app_user add column issuer TEXT collate "C";
alter table app_user add column subject TEXT collate "C";
create unique index app_user_subject on app_user (issuer, subject) where state <> 3;
