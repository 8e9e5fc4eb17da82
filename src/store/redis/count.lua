-- Counts one more of something on a day, and forgets days that are too long ago. ARGV: workspace, day, what, the first
-- day that is kept, after how many ms all of it may go.
local counts = 'tb:counts:' .. ARGV[1]
if redis.call('HINCRBY', counts, ARGV[2] .. ' ' .. ARGV[3], 1) == 1 then
  for _, count in ipairs(redis.call('HKEYS', counts)) do
    if string.match(count, '^%S+') < ARGV[4] then
      redis.call('HDEL', counts, count)
    end
  end
end
redis.call('PEXPIRE', counts, ARGV[5])
return true
