-- Takes the smallest ranks of many subqueues, and records them as taken until a deadline.
--
-- KEYS     the subqueues, then the set of the tasks taken from each, in the same order
-- ARGV[1]  how many, at most
-- ARGV[2]  for how many milliseconds they are held; 0 only reads, and moves nothing
-- Returns  the index of the subqueue and "rank:id" of each task, alternately, the smallest rank first

local subqueues, max, hold = #KEYS / 2, tonumber(ARGV[1]), tonumber(ARGV[2])
local time = redis.call('TIME')
-- Formatted once here, so that it is not converted for each task.
local deadline = string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000) + hold)
-- Most subqueues are empty, and one call shows that for several.
local SLICE = 8

local heads, passed, notes, result = {}, {}, {}, {}

local function readHead(subqueue)
  local head = redis.call('ZRANGE', KEYS[subqueue], passed[subqueue] or 0, passed[subqueue] or 0, 'WITHSCORES')
  heads[subqueue] = head[2] and tonumber(head[2])
end

for first = 1, subqueues, SLICE do
  local last = math.min(first + SLICE - 1, subqueues)
  if redis.call('EXISTS', unpack(KEYS, first, last)) > 0 then
    for subqueue = first, last do readHead(subqueue) end
  end
end

while #result < 2 * max do
  local subqueue, bound
  for other, rank in pairs(heads) do
    if not subqueue or rank < heads[subqueue] then
      subqueue, bound = other, subqueue and heads[subqueue]
    elseif not bound or rank < bound then
      bound = rank
    end
  end
  if not subqueue then break end

  -- The tasks of this subqueue up to the head of every other.
  local run = redis.call('ZRANGE', KEYS[subqueue], heads[subqueue], bound or '+inf', 'BYSCORE',
    'LIMIT', 0, max - #result / 2, 'WITHSCORES')
  notes[subqueue] = notes[subqueue] or {}
  local noted, given = notes[subqueue], #result
  for i = 1, #run, 2 do
    local task = run[i + 1] .. ':' .. run[i]
    noted[#noted + 1], noted[#noted + 2] = deadline, task
    result[given + i], result[given + i + 1] = subqueue, task
  end
  passed[subqueue] = #notes[subqueue] / 2
  readHead(subqueue)
end

if hold == 0 then return result end
for subqueue, values in pairs(notes) do
  redis.call('ZREMRANGEBYRANK', KEYS[subqueue], 0, passed[subqueue] - 1)
  redis.call('ZADD', KEYS[subqueues + subqueue], unpack(values))
end
return result
