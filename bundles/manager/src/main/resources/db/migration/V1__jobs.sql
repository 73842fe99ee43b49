-- Times are microseconds since 1970-01-01T00:00:00Z, durations nanoseconds.

create table meta (
    name varchar(64) primary key,
    value bigint not null
);

create table job (
    id bigint primary key,
    owner varchar(200) not null,
    spec blob not null,
    idempotency_key varchar(200),
    fingerprint varchar(64) not null,
    submitted_at bigint not null,
    started_at bigint,
    finished_at bigint,
    message varchar(4000) not null,
    canceled integer not null,
    -- once it has ended: the state of each task, a byte each, deflated
    states blob
);

-- attempts that were sent to a worker: a row for each batch, gone when the job has ended
create table dispatch (
    id integer primary key,
    job bigint not null,
    worker varchar(64) not null,
    assigned_at bigint not null,
    -- pairs of 32 bit integers: index of the task, number of the attempt
    attempts blob not null
);
create index dispatch_job on dispatch (job);

-- attempts that have ended; standing: 0 the task may run again, 1 it ended
-- the task, 2 it did until the user asked to try again
create table attempt (
    job bigint not null,
    task integer not null,
    number integer not null,
    standing integer not null,
    worker varchar(64) not null,
    cause varchar(20) not null,
    exit_code integer not null,
    signal integer not null,
    message varchar(4000) not null,
    stderr_tail varchar(8000) not null,
    assigned_at bigint,
    started_at bigint,
    finished_at bigint not null,
    wall bigint not null,
    cpu bigint not null,
    peak_memory bigint not null,
    stdout_bytes bigint not null,
    stderr_bytes bigint not null,
    primary key (job, task, number)
) without rowid;

-- the first bytes of what an attempt wrote
create table log (
    job bigint not null,
    task integer not null,
    number integer not null,
    stream integer not null,
    bytes blob not null,
    primary key (job, task, number, stream)
);

create table worker (
    id varchar(64) primary key,
    address varchar(255) not null,
    version varchar(64) not null,
    draining integer not null,
    last_seen bigint
);
