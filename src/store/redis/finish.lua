-- Forgets a job. ARGV: …, job.
redis.call('ZREM', 'tb:queue:' .. queue, ARGV[4])
for _, hash in ipairs({lane(ARGV[4]), 'tb:tries', 'tb:out'}) do
  redis.call('HDEL', hash, ARGV[4])
end
return true
