-- Keeps what is about to be posted for a job. ARGV: …, job, the sealed outgoing.
if redis.call('HEXISTS', lane(ARGV[4]), ARGV[4]) == 1 then
  redis.call('HSET', 'tb:out', ARGV[4], ARGV[5])
end
return true
