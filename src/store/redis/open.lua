-- What says whose data this is; made where there is none yet. ARGV: the schema, the sealed check value.
-- Returns the schema and the check value, empty where something else is there.
local kind = redis.call('TYPE', 'tb:meta').ok
if kind == 'none' then
  redis.call('HSET', 'tb:meta', 'schema', ARGV[1], 'check', ARGV[2])
elseif kind ~= 'hash' then
  return {'', ''}
end
local meta = redis.call('HMGET', 'tb:meta', 'schema', 'check')
return {meta[1] or '', meta[2] or ''}
