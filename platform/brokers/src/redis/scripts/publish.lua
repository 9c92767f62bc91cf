-- Puts tasks in a line, and then says so: word never comes before what it tells of.
-- Whoever is there already stays once, at the rank that was told last.
--
-- KEYS[1]  the line, which is also the channel on which word of it goes out
-- ARGV     rank and id of each task, in turn
-- Returns  how many were not there before

local added = redis.call('ZADD', KEYS[1], unpack(ARGV))
if added > 0 then redis.call('PUBLISH', KEYS[1], added) end
return added
