-- what the driver of a job was told, in order, and what it asked for then (muster.manager.Drivers)
create table step (
    job bigint not null,
    number integer not null,
    content ${bytes} not null,
    primary key (job, number)
);
