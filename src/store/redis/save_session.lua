-- Keeps a thread's session. ARGV: …, thread, when it ends, after how many ms it may go, the sealed session.
local session = 'tb:session:' .. ARGV[4]
redis.call('HSET', session, 'ends', ARGV[5], 'sealed', ARGV[7])
redis.call('PEXPIRE', session, ARGV[6])
return true
