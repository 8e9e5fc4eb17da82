-- Removes an unfinished job; who works on it already finishes it. ARGV: job, thread. Returns how many it was.
local job = ARGV[1]
for _, queue in ipairs({ARGV[2], 'aside/' .. job}) do
  redis.call('ZREM', 'tb:queue:' .. queue, job)
end
for _, hash in ipairs({'tb:tries', 'tb:out'}) do
  redis.call('HDEL', hash, job)
end
return redis.call('HDEL', 'tb:inbox:q', job) + redis.call('HDEL', 'tb:inbox:c', job)
