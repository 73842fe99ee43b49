-- what every manager of the cluster needs of its security: each content is encrypted
-- (muster.manager.security.StoredSecrets)
create table secret (
    name varchar(64) primary key,
    content ${bytes} not null
);
