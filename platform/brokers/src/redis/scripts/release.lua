-- Gives back to their line what was taken from it and could not be claimed.
-- Whatever was given back before, for its deadline had passed, stays as it is.
--
-- KEYS[1]  the line, which is also the channel on which word of it goes out
-- KEYS[2]  the set of what is taken from it
-- ARGV     "rank:id" of each task
-- Returns  how many were given back

local released = 0
for _, task in ipairs(ARGV) do
  if redis.call('ZREM', KEYS[2], task) == 1 then
    local rank, id = string.match(task, '^([^:]+):(.+)$')
    released = released + redis.call('ZADD', KEYS[1], 'NX', rank, id)
  end
end
if released > 0 then redis.call('PUBLISH', KEYS[1], released) end
return released
