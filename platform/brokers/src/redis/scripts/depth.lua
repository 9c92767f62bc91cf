-- Counts the tasks that wait in a subqueue or are out with a consumer.
--
-- KEYS[1]  the subqueue
-- KEYS[2]  the set of the tasks taken from it
-- Returns  how many

return redis.call('ZCARD', KEYS[1]) + redis.call('ZCARD', KEYS[2])
