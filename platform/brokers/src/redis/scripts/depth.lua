-- Counts what waits in a line or is out with a taker.
--
-- KEYS[1]  the line
-- KEYS[2]  the set of what is taken from it
-- Returns  how many

return redis.call('ZCARD', KEYS[1]) + redis.call('ZCARD', KEYS[2])
