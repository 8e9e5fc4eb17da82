-- A number higher than that of every hold before it, also when Redis has lost what it knew: it follows the time.
local function new_fence(now)
  local last = tonumber(redis.call('GET', 'tb:fence') or '0')
  local fence = string.format('%.0f', math.max(now, last + 1))
  redis.call('SET', 'tb:fence', fence)
  return fence
end

-- Redis's time in microseconds.
local function time()
  local time = redis.call('TIME')
  return time[1] * 1000000 + time[2]
end

-- Makes somebody the owner of a queue. The time says since when, until their worker has come for the first job.
local function give(queue, owner, now)
  local fence = new_fence(now)
  redis.call('HSET', 'tb:busy', queue, owner .. ' ' .. fence .. ' ' .. string.format('%.0f', now))
  return fence
end
