-- Moves a turn from one state to the next, if it is in the first, or in the next already; an empty state is that of a
-- turn that nobody has moved. ARGV: turn, from, to, now, when the next ends, after how many ms it may go.
local turn = 'tb:turn:' .. ARGV[1]
local ends, state = unpack(redis.call('HMGET', turn, 'ends', 'state'))
if not ends or tonumber(ends) <= tonumber(ARGV[4]) then
  state = ''
end
if state ~= ARGV[2] and state ~= ARGV[3] then
  return false
end
redis.call('HSET', turn, 'ends', ARGV[5], 'state', ARGV[3])
redis.call('PEXPIRE', turn, ARGV[6])
return true
