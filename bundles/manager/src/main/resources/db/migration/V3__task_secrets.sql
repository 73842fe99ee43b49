-- what jobs keep from all but their tasks: each content is encrypted (muster.manager.security.TaskSecrets)
create table task_secret (
    job bigint primary key,
    content ${bytes} not null
);
