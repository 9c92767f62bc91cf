-- Releases tasks that were taken from a subqueue and could not be claimed.
-- A task that was recovered before, because its deadline had passed, stays unchanged.
--
-- KEYS[1]  the subqueue, which is also the channel of its notifications
-- KEYS[2]  the set of the tasks taken from it
-- ARGV     "rank:id" of each task
-- Returns  how many were released

local released = 0
for _, task in ipairs(ARGV) do
  if redis.call('ZREM', KEYS[2], task) == 1 then
    local rank, id = string.match(task, '^([^:]+):(.+)$')
    released = released + redis.call('ZADD', KEYS[1], 'NX', rank, id)
  end
end
if released > 0 then redis.call('PUBLISH', KEYS[1], released) end
return released
