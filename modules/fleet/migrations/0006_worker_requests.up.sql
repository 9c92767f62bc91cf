-- What an operator asks of a worker: to take nothing more, or to take nothing more and empty its hands. Beside the state, which
-- is the worker's own word and comes anew with each heartbeat.
-- Lock: ACCESS EXCLUSIVE on worker for a moment; the table is small and is not rewritten.
alter table worker add column request text
  constraint worker_request_known check (request in ('cordon', 'drain'));
