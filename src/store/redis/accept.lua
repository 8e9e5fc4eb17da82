-- Dedupes and keeps a delivery. Nothing is written before it is certain that it will be kept.
-- ARGV: owner, now, when the keys end, after how many ms they may go, lane (q or c), room in the lane, kind (q, f or c),
-- how many of the kind may wait, thread, when it was said, the end of the job's id, the sealed inbound, and the keys.
-- Returns what became of it, and of a hold the fence and the queue.
local owner, now, ends, garbage = ARGV[1], tonumber(ARGV[2]), ARGV[3], ARGV[4]
local lane, room, kind, most = 'tb:inbox:' .. ARGV[5], tonumber(ARGV[6]), ARGV[7], tonumber(ARGV[8])
local thread, said_at, tail, sealed = ARGV[9], ARGV[10], ARGV[11], ARGV[12]

for n = 13, #ARGV do
  local known = redis.call('GET', 'tb:seen:' .. ARGV[n])
  if known and now < tonumber(known) then
    return {'duplicate', '0', ''}
  end
end
if room <= redis.call('HLEN', lane) then
  return {'full', '0', ''}
end

-- Ids sort as they were accepted, which is the order of what was said at the same time.
local job = string.format('%016d', redis.call('INCR', 'tb:seq')) .. kind .. '-' .. tail
for n = 13, #ARGV do
  redis.call('SET', 'tb:seen:' .. ARGV[n], ends, 'PX', garbage)
end
redis.call('HSET', lane, job, sealed)

if redis.call('HEXISTS', 'tb:busy', thread) == 0 then
  redis.call('ZADD', 'tb:queue:' .. thread, said_at, job)
  return {'start', give(thread, owner, time()), thread}
end
local waiting = 0
for _, other in ipairs(redis.call('ZRANGE', 'tb:queue:' .. thread, 0, -1)) do
  if string.sub(other, 17, 17) == kind and redis.call('HEXISTS', 'tb:tries', other) == 0 then
    waiting = waiting + 1
  end
end
if waiting < most then
  redis.call('ZADD', 'tb:queue:' .. thread, said_at, job)
  return {'queued', '0', ''}
end
local aside = 'aside/' .. job
redis.call('ZADD', 'tb:queue:' .. aside, said_at, job)
return {'crowded', give(aside, owner, time()), aside}
