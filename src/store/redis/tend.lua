-- Says that a process lives, and makes it the owner of queues that nobody works on.
-- ARGV: owner, lease in ms, after how many ms a hold is given anew that was given to this process and never used,
-- how many queues at most, the schema, the sealed check value. Returns queues and fences.
local owner, lease, unused, most = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])

-- Redis may have been emptied.
redis.call('HSETNX', 'tb:meta', 'schema', ARGV[5])
redis.call('HSETNX', 'tb:meta', 'check', ARGV[6])

local now = time()
local since = redis.call('GET', 'tb:replica:' .. owner) or string.format('%.0f', now)
redis.call('SET', 'tb:replica:' .. owner, since, 'PX', lease)
if most == 0 then
  return {}
end

-- After Redis was out of reach everybody has a lease's time to say that they live, before anybody is taken for dead.
local may_judge = lease * 1000 <= now - tonumber(since)
local lives = {}
local function is_dead(other)
  if lives[other] == nil then
    lives[other] = redis.call('EXISTS', 'tb:replica:' .. other) == 1
  end
  return may_judge and not lives[other]
end

local taken = {}
local busy = redis.call('HGETALL', 'tb:busy')
for n = 1, #busy, 2 do
  local holder, given = string.match(busy[n + 1], '^(%S+) %d+ (%d+)$')
  local is_free
  if holder == '-' then
    -- Whoever could not open it has left it to others, and they do not all try again and again.
    is_free = given == '0' or lease * 1000 <= now - tonumber(given)
  elseif holder == owner then
    -- The answer that gave it did not arrive, or nobody was there any more to hear it.
    is_free = given ~= '0' and unused * 1000 <= now - tonumber(given)
  else
    is_free = is_dead(holder)
  end
  if is_free then
    table.insert(taken, {busy[n], give(busy[n], owner, now)})
    if #taken == most then
      break
    end
  end
end
return taken
