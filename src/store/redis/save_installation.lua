-- Keeps a workspace's installation, in a version that was never there. ARGV: workspace, the sealed record, and the
-- version that must still be there, empty if any may.
local is = redis.call('HGET', 'tb:installations', ARGV[1])
if ARGV[3] ~= '' and (not is or string.match(is, '^%d+') ~= ARGV[3]) then
  return false
end
redis.call('HSET', 'tb:installations', ARGV[1], new_fence(time()) .. ' ' .. ARGV[2])
return true
