-- Adds tasks to a subqueue, and then notifies the consumers: no notification precedes its tasks.
-- A task that the subqueue already holds stays in it once, at the rank that was published last.
--
-- KEYS[1]  the subqueue, which is also the channel of its notifications
-- ARGV     rank and id of each task, alternately
-- Returns  how many were not in the subqueue before

local added = redis.call('ZADD', KEYS[1], unpack(ARGV))
if added > 0 then redis.call('PUBLISH', KEYS[1], added) end
return added
