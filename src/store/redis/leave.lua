-- Leaves a process's queues to others, which may take them at once. ARGV: owner.
local busy = redis.call('HGETALL', 'tb:busy')
for n = 1, #busy, 2 do
  if string.match(busy[n + 1], '^%S+') == ARGV[1] then
    redis.call('HSET', 'tb:busy', busy[n], '- 0 0')
  end
end
redis.call('DEL', 'tb:replica:' .. ARGV[1])
return true
