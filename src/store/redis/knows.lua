-- Whether a thread is worked on or has a session. ARGV: thread, now.
if redis.call('HEXISTS', 'tb:busy', ARGV[1]) == 1 then
  return true
end
local ends = redis.call('HGET', 'tb:session:' .. ARGV[1], 'ends')
return ends and tonumber(ARGV[2]) < tonumber(ends)
