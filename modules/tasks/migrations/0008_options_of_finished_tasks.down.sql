alter table finished_task drop column linked, drop column options;
