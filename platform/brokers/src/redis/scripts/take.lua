-- Takes the smallest ranks over many lines, and notes them as taken, each until a deadline.
--
-- KEYS     the lines, then as many sets of what is taken from each, in the same order
-- ARGV[1]  how many, at most
-- ARGV[2]  for how many milliseconds they are held; 0 to look only: then nothing moves
-- Returns  the number of the line and "rank:id" of each in turn, the smallest rank first

local lines, max, hold = #KEYS / 2, tonumber(ARGV[1]), tonumber(ARGV[2])
local time = redis.call('TIME')
-- As text at once, which else each note would have to be turned into.
local deadline = string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000) + hold)
-- Most lines are empty, and one call tells it of several.
local SLICE = 8

local heads, passed, notes, result = {}, {}, {}, {}

local function lookAt(line)
  local head = redis.call('ZRANGE', KEYS[line], passed[line] or 0, passed[line] or 0, 'WITHSCORES')
  heads[line] = head[2] and tonumber(head[2])
end

for first = 1, lines, SLICE do
  local last = math.min(first + SLICE - 1, lines)
  if redis.call('EXISTS', unpack(KEYS, first, last)) > 0 then
    for line = first, last do lookAt(line) end
  end
end

while #result < 2 * max do
  local line, bound
  for other, rank in pairs(heads) do
    if not line or rank < heads[line] then
      line, bound = other, line and heads[line]
    elseif not bound or rank < bound then
      bound = rank
    end
  end
  if not line then break end

  -- As far as the tasks of this line come before the head of every other.
  local run = redis.call('ZRANGE', KEYS[line], heads[line], bound or '+inf', 'BYSCORE',
    'LIMIT', 0, max - #result / 2, 'WITHSCORES')
  notes[line] = notes[line] or {}
  local noted, given = notes[line], #result
  for i = 1, #run, 2 do
    local task = run[i + 1] .. ':' .. run[i]
    noted[#noted + 1], noted[#noted + 2] = deadline, task
    result[given + i], result[given + i + 1] = line, task
  end
  passed[line] = #notes[line] / 2
  lookAt(line)
end

if hold == 0 then return result end
for line, values in pairs(notes) do
  redis.call('ZREMRANGEBYRANK', KEYS[line], 0, passed[line] - 1)
  redis.call('ZADD', KEYS[lines + line], unpack(values))
end
return result
