-- Notes something of a message in a thread. ARGV: thread and message, when it ends, after how many ms it may go, the
-- sealed note.
local answer = 'tb:answer:' .. ARGV[1]
redis.call('HSET', answer, 'ends', ARGV[2], 'sealed', ARGV[4])
redis.call('PEXPIRE', answer, ARGV[3])
return true
