-- results that a later run may take: id is made of the owner and of what the task was (muster.manager.Cache)
create table cache (
    id varchar(64) primary key,
    job bigint not null,
    content ${bytes} not null
);
create index cache_job on cache (job);
