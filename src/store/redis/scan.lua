-- A step through the keys that begin with a prefix. ARGV: prefix, cursor, and the fields of the hashes that are read, or *
-- for all of them; without any, the keys are of strings. Returns the next cursor, and of each key what follows the prefix,
-- and the values; of all fields, each before its value.
local cursor, keys = unpack(redis.call('SCAN', ARGV[2], 'MATCH', ARGV[1] .. '*', 'COUNT', 500))
local found = {}
for _, key in ipairs(keys) do
  local values
  if #ARGV == 2 then
    values = {redis.call('GET', key)}
  elseif ARGV[3] == '*' then
    values = redis.call('HGETALL', key)
  else
    values = redis.call('HMGET', key, unpack(ARGV, 3))
  end
  table.insert(found, {string.sub(key, #ARGV[1] + 1), unpack(values)})
end
return {cursor, found}
