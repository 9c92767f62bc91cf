-- Gives back to their lines what was taken and neither acknowledged nor released
-- before its deadline: its taker is gone. Whoever recovers looks next, so no word goes out.
--
-- KEYS     the lines, then as many sets of what is taken from each, in the same order
-- ARGV[1]  how many of each line, at most
-- Returns  how many were given back

local lines = #KEYS / 2
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local SLICE = 8
local recovered = 0

local function recover(line)
  local overdue = redis.call('ZRANGE', KEYS[lines + line], '-inf', now, 'BYSCORE', 'LIMIT', 0, ARGV[1])
  if #overdue == 0 then return end
  for _, task in ipairs(overdue) do
    local rank, id = string.match(task, '^([^:]+):(.+)$')
    recovered = recovered + redis.call('ZADD', KEYS[line], 'NX', rank, id)
  end
  redis.call('ZREM', KEYS[lines + line], unpack(overdue))
end

for first = 1, lines, SLICE do
  local last = math.min(first + SLICE - 1, lines)
  -- Mostly nothing is out, and one call tells it of several lines.
  if redis.call('EXISTS', unpack(KEYS, lines + first, lines + last)) > 0 then
    for line = first, last do recover(line) end
  end
end
return recovered
