"""What Redis does in one step. All times are by its own clock, in milliseconds, so processes need not agree on the time.

A stored copy is `<epoch> <fresh until> <body>`; an empty body says that there is no such thing. A copy whose epoch is not the
present one of its kind is no copy.
"""

READ = """
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local epoch = redis.call('GET', KEYS[1]) or '0'
local answer = {epoch}
for i = 2, #KEYS, 2 do
  local copy = redis.call('GET', KEYS[i])
  local left = -1
  if copy then
    local of, fresh_until = string.match(copy, '^(%d+) (%d+) ')
    if of == epoch then left = math.max(0, fresh_until - now) else copy = false end
  end
  local leased = 0
  if left <= tonumber(ARGV[3]) and redis.call('SET', KEYS[i + 1], ARGV[1], 'NX', 'PX', ARGV[2]) then leased = 1 end
  answer[#answer + 1] = leased .. ' ' .. string.format('%.0f', left) .. ' ' .. (copy or '')
end
return answer
"""
"""KEYS: epoch, then copy and lease of each; ARGV: our token, how long a lease lasts, how long before its end a copy may be read
anew. Answers the epoch, then for each, in one text: whether we have the lease to read it anew, how long the copy is fresh (0: it is
stale; -1: there is none), the copy."""

KEEP = """
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local kept = 0
for i = 1, #KEYS, 2 do
  local place = 3 + (i - 1) / 2 * 3
  if redis.call('GET', KEYS[i + 1]) == ARGV[1] then
    local fresh, usable = tonumber(ARGV[place]), tonumber(ARGV[place + 1])
    local head = ARGV[2] .. ' ' .. string.format('%.0f', now + fresh) .. ' '
    redis.call('SET', KEYS[i], head .. ARGV[place + 2], 'PX', usable)
    redis.call('DEL', KEYS[i + 1])
    kept = kept + 1
  end
end
return kept
"""
"""KEYS: copy and lease of each; ARGV: our token, the epoch that was read with the lease, then for each: how long it is fresh, how
long it may be used, the body. Keeps only what we still have the lease for: who forgot a copy meanwhile took the lease, too, so
what was read before a change never comes back after it."""

FORGET = """
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local log = KEYS[1]
local last = redis.call('ZRANGE', log, -1, -1, 'WITHSCORES')
local at = string.format('%.0f', math.max(now, tonumber(last[2] or '0') + 1))
if not last[2] then redis.call('ZADD', log, at, '') end
for i = 2, #KEYS do
  local key = KEYS[i]
  if string.find(key, ':epoch:', 1, true) then
    redis.call('SET', key, string.format('%.0f', now))
  else
    redis.call('DEL', key)
  end
  if string.sub(key, 1, 6) == 'cache:' then redis.call('ZADD', log, at, key) end
end
local over = redis.call('ZCARD', log) - 1 - tonumber(ARGV[1])
if over > 0 then
  local lost = redis.call('ZRANGE', log, over, over, 'WITHSCORES')
  redis.call('ZREMRANGEBYRANK', log, 0, over)
  redis.call('ZADD', log, lost[2], '')
end
return #KEYS - 1
"""
"""KEYS: the log of changes, then copies and leases to delete, epochs to begin anew; ARGV: how many changes the log keeps. The log says
of each copy and epoch when it was forgotten last, in numbers that only grow, and with the empty name since when it is complete."""

CHANGES = """
local log, after = KEYS[1], tonumber(ARGV[1])
local since = redis.call('ZSCORE', log, '')
if not since then
  local clock = redis.call('TIME')
  since = string.format('%.0f', clock[1] * 1000000 + clock[2])
  redis.call('ZADD', log, since, '')
end
local last = redis.call('ZRANGE', log, -1, -1, 'WITHSCORES')[2]
if after < tonumber(since) then return {last, 0} end
return {last, 1, redis.call('ZRANGEBYSCORE', log, '(' .. ARGV[1], '+inf')}
"""
"""KEYS: the log of changes; ARGV: up to when the caller knows it. Answers up to when the caller knows it now, whether it is complete from
there on, and if so what was forgotten since."""
