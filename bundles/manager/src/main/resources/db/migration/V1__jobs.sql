-- What a row holds lies in its content: values in a compact form, and a checksum of them and of the row's key
-- (muster.manager.store.Content). Columns beside it are those that are asked for.

-- who may write, and the highest job id ever given: one row, there once the lease was first taken. Each commit raises
-- commits, and only under the epoch of the writer
create table lease (
    id integer primary key,
    epoch bigint not null,
    commits bigint not null,
    content ${bytes} not null
);

create table job (
    id bigint primary key,
    -- what was submitted
    content ${bytes} not null,
    -- what became of it
    progress ${bytes} not null
);

-- attempts that were sent to a worker: a row for each batch, gone when the job has ended
create table dispatch (
    id ${rising_key},
    job bigint not null,
    content ${bytes} not null
);
create index dispatch_job on dispatch (job);

-- attempts that have ended; standing: 0 the task may run again, 1 it ended the task, 2 it did until the user asked to
-- try again; succeeded: 1 or 0
create table attempt (
    job bigint not null,
    task integer not null,
    number integer not null,
    standing integer not null,
    succeeded integer not null,
    content ${bytes} not null,
    primary key (job, task, number)
) ${clustered};

-- the first bytes of what an attempt wrote; stream: 0 standard output, 1 standard error
create table log (
    job bigint not null,
    task integer not null,
    number integer not null,
    stream integer not null,
    content ${bytes} not null,
    primary key (job, task, number, stream)
);

create table worker (
    id varchar(64) primary key,
    content ${bytes} not null
);
