-- Gives finished tasks the columns that migration 0009 gives unfinished ones. It is a migration of its own, because its
-- transaction must lock this table alone: the statements of processes that run lock the two tables in both orders.
-- Suits processes from: 0007
-- Lock: ACCESS EXCLUSIVE on finished_task for a moment; no row is rewritten.

alter table finished_task
  -- Rarely used options, by name (domain/task-options.ts).
  add column options jsonb,
  -- True where the end of the task left notices.
  add column linked boolean;
