-- The earliest job of a held queue: its id, how often it was begun before, and what is kept of it.
-- When there is none, the hold ends.
if holder ~= mine .. ' 0' then
  redis.call('HSET', 'tb:busy', queue, mine .. ' 0')
end
while true do
  local job = redis.call('ZRANGE', 'tb:queue:' .. queue, 0, 0)[1]
  if not job then
    redis.call('HDEL', 'tb:busy', queue)
    return false
  end
  local sealed = redis.call('HGET', lane(job), job)
  if sealed then
    -- Whoever asks again under the same hold did not hear the answer; that is one beginning.
    local tries = redis.call('HGET', 'tb:tries', job) or '0 0'
    local times, fence = string.match(tries, '^(%d+) (%d+)$')
    local before = tonumber(times)
    if fence == ARGV[3] then
      before = before - 1
    else
      redis.call('HSET', 'tb:tries', job, string.format('%d ', before + 1) .. ARGV[3])
    end
    return {job, before, sealed, redis.call('HGET', 'tb:out', job)}
  end
  redis.call('ZREM', 'tb:queue:' .. queue, job)
end
