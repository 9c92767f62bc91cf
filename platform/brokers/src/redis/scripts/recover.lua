-- Requeues the tasks that were neither acknowledged nor released before their deadline: their
-- consumer is lost. The caller takes next, so the script sends no notification.
--
-- KEYS     the subqueues, then the set of the tasks taken from each, in the same order
-- ARGV[1]  how many of each subqueue, at most
-- Returns  how many were requeued

local subqueues = #KEYS / 2
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local SLICE = 8
local recovered = 0

local function recover(subqueue)
  local overdue = redis.call('ZRANGE', KEYS[subqueues + subqueue], '-inf', now, 'BYSCORE', 'LIMIT', 0, ARGV[1])
  if #overdue == 0 then return end
  for _, task in ipairs(overdue) do
    local rank, id = string.match(task, '^([^:]+):(.+)$')
    recovered = recovered + redis.call('ZADD', KEYS[subqueue], 'NX', rank, id)
  end
  redis.call('ZREM', KEYS[subqueues + subqueue], unpack(overdue))
end

for first = 1, subqueues, SLICE do
  local last = math.min(first + SLICE - 1, subqueues)
  -- Usually no task is out, and one call shows that for several subqueues.
  if redis.call('EXISTS', unpack(KEYS, subqueues + first, subqueues + last)) > 0 then
    for subqueue = first, last do recover(subqueue) end
  end
end
return recovered
