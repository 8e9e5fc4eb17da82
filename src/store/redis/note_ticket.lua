-- Notes a person's ticket, and forgets what has ended and the oldest of too many. ARGV: person, ticket, when it ends, the
-- sealed ticket, now, how many are kept, after how many ms they may go.
local tickets = 'tb:tickets:' .. ARGV[1]
redis.call('HSET', tickets, ARGV[2], ARGV[3] .. ' ' .. ARGV[4])
redis.call('PEXPIRE', tickets, ARGV[7])
local all = redis.call('HGETALL', tickets)
local ends = {}
for n = 1, #all, 2 do
  table.insert(ends, {tonumber(string.match(all[n + 1], '^%-?%d+')), all[n]})
end
table.sort(ends, function(one, other) return one[1] > other[1] end)
for n, ticket in ipairs(ends) do
  if tonumber(ARGV[6]) < n or ticket[1] <= tonumber(ARGV[5]) then
    redis.call('HDEL', tickets, ticket[2])
  end
end
return true
