-- Whatever only the holder of a queue may do begins with this. ARGV begins with the queue, the owner and the fence.
local queue, mine = ARGV[1], ARGV[2] .. ' ' .. ARGV[3]
local holder = redis.call('HGET', 'tb:busy', queue)
if not holder or string.match(holder, '^%S+ %d+') ~= mine then
  return redis.error_reply('LOST somebody else holds it')
end

-- Where a job is kept: a job's id has its kind after the number.
local function lane(job)
  return 'tb:inbox:' .. (string.sub(job, 17, 17) == 'c' and 'c' or 'q')
end
