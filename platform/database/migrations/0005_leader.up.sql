-- Who does what only one may do at a time: a lease by name, which the coordinator that leads renews.
create table leader (
  name       text primary key,
  -- The process that leads, or led last: a new id each time it starts.
  holder     uuid not null,
  -- Grows with each new leadership, and never comes again.
  term       bigint not null,
  elected_at timestamptz not null,
  -- The row stays when it expires, for the sake of its term.
  expires_at timestamptz not null,
  constraint leader_term_counted check (term > 0)
  -- A renewal touches no indexed column, so its new version stays on the page.
) with (fillfactor = 50);
