-- Takes a name, unless somebody has it. ARGV: name, until when, now, after how many ms that may go.
local claim = 'tb:claim:' .. ARGV[1]
local is = redis.call('GET', claim)
if is and tonumber(ARGV[3]) < tonumber(is) then
  return false
end
redis.call('SET', claim, ARGV[2], 'PX', ARGV[4])
return true
