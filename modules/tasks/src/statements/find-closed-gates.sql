select project, name
from unnest($1::text[], $2::text[]) as wanted (of_project, of_name)
-- Planner rule "look up per key".
cross join lateral (
  select project, name from gate where project = of_project and name = of_name limit 1
) as gate
