-- Leaves a held queue to whoever can open its first job, which counts as not begun. ARGV: …, job.
local tries = redis.call('HGET', 'tb:tries', ARGV[4])
if tries then
  local before = tonumber(string.match(tries, '^%d+')) - 1
  if before == 0 then
    redis.call('HDEL', 'tb:tries', ARGV[4])
  else
    redis.call('HSET', 'tb:tries', ARGV[4], string.format('%d 0', before))
  end
end
local now = redis.call('TIME')
redis.call('HSET', 'tb:busy', queue, '- 0 ' .. string.format('%.0f', now[1] * 1000000 + now[2]))
return true
