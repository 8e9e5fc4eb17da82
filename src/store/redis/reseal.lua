-- Puts an installation that was sealed anew in the place of itself; its version stays. ARGV: workspace, what is expected
-- to be there, what takes its place.
if redis.call('HGET', 'tb:installations', ARGV[1]) == ARGV[2] then
  redis.call('HSET', 'tb:installations', ARGV[1], ARGV[3])
end
return true
