-- Blocks a person, unless they are blocked for longer. ARGV: person, until when, after how many ms that may go.
local block = 'tb:block:' .. ARGV[1]
local is = redis.call('GET', block)
if not is or tonumber(is) < tonumber(ARGV[2]) then
  redis.call('SET', block, ARGV[2], 'PX', ARGV[3])
end
return true
