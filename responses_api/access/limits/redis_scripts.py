"""The Lua scripts of ``redis_ledger``. Each takes its keys and one JSON document as its argument.

Numbers are written with seventeen digits, since Lua's own way of writing them cuts seconds
since 1970 off behind the fourth decimal.
"""

_COMMON = """
local ask = cjson.decode(ARGV[1])
local now = ask.now
if now == nil then
  local time = redis.call('TIME')
  now = tonumber(time[1]) + tonumber(time[2]) / 1e6
end

local function exact(number) return string.format('%.17g', number) end

local function read_hold(text)
  local until_, tokens, cost = string.match(text, '^(%S+) (%S+) (%S+)$')
  return tonumber(until_), tonumber(tokens), tonumber(cost)
end

local function write_hold(until_, tokens, cost)
  return exact(until_) .. ' ' .. exact(tokens) .. ' ' .. exact(cost)
end

local function read_spent(key)
  local found = redis.call('HMGET', key, 'tokens', 'cost')
  if not found[1] then return nil end
  return {tonumber(found[1]), tonumber(found[2])}
end

local KEPT_METER = 86400 * 2
local KEPT_SPENT = 86400 * 40
"""

RESERVE = (
    _COMMON
    + """
local TOLERANCE = 0.001

local function held_in(holds, day, month)
  local running, tokens, cost = 0, 0, 0
  local found = redis.call('HGETALL', holds)
  for i = 1, #found, 2 do
    local until_, held_tokens, held_cost = read_hold(found[i + 1])
    if until_ <= now then
      redis.call('HDEL', holds, found[i])
      redis.call('DEL', day, month)
    else
      running, tokens, cost = running + 1, tokens + held_tokens, cost + held_cost
    end
  end
  return running, {tokens, cost}
end

local function standing_of(meter, holds, day, month)
  local running, held = held_in(holds, day, month)
  local found = redis.call('HMGET', meter, 'requests_until', 'tokens_until', 'settled')
  return {
    requests_back_in = math.max(0, (tonumber(found[1] or 0)) - now),
    tokens_back_in = math.max(0, (tonumber(found[2] or 0)) - now),
    settled = tonumber(found[3] or 0),
    running = running, held = held, day = read_spent(day), month = read_spent(month)
  }
end

-- Whether `asked` more fits beside what is used; a limit that is not given does not count.
local function fits(used, asked, limit) return limit == nil or asked == 0 or used + asked <= limit end

local function has_room(scope, at)
  if (scope.needs_day and not at.day) or (scope.needs_month and not at.month) then return false end
  local day, month = at.day or {0, 0}, at.month or {0, 0}
  local rpm, tpm = scope.requests_per_minute, scope.tokens_per_minute
  return (rpm == nil or fits(at.requests_back_in * rpm / 60, ask.requests, rpm + TOLERANCE))
    and (tpm == nil or fits(at.tokens_back_in * tpm / 60, ask.tokens, tpm + TOLERANCE))
    and fits(at.running, ask.requests, scope.concurrent_responses)
    and fits(day[1] + at.held[1], ask.tokens, scope.tokens_per_day)
    and fits(month[1] + at.held[1], ask.tokens, scope.tokens_per_month)
    and fits(day[2] + at.held[2], ask.cost, scope.cost_per_day)
    and fits(month[2] + at.held[2], ask.cost, scope.cost_per_month)
end

local function charge(scope, at, meter, holds)
  if scope.requests_per_minute then
    local back = now + at.requests_back_in + ask.requests * 60 / scope.requests_per_minute
    redis.call('HSET', meter, 'requests_until', exact(back))
  end
  if scope.tokens_per_minute then
    local back = now + at.tokens_back_in + ask.tokens * 60 / scope.tokens_per_minute
    redis.call('HSET', meter, 'tokens_until', exact(back))
  end
  redis.call('EXPIRE', meter, KEPT_METER)
  if scope.needs_hold and ask.lease > 0 then
    redis.call('HSETNX', holds, ask.reservation, write_hold(now + ask.lease, ask.tokens, ask.cost))
    redis.call('EXPIRE', holds, KEPT_METER)
  end
end

local admitted, standings = true, {}
for i, scope in ipairs(ask.scopes) do
  local at = standing_of(unpack(KEYS, 4 * i - 3, 4 * i))
  admitted = has_room(scope, at) and admitted
  standings[i] = at
end
if admitted then
  for i, scope in ipairs(ask.scopes) do charge(scope, standings[i], KEYS[4 * i - 3], KEYS[4 * i - 2]) end
end
return cjson.encode({admitted = admitted, standings = standings})
"""
)

LEARN = (
    _COMMON
    + """
if tonumber(redis.call('HGET', KEYS[1], 'settled') or 0) ~= ask.settled then return end
for i, spent in ipairs(ask.learnt) do
  local key = KEYS[i + 1]
  if redis.call('EXISTS', key) == 0 then
    redis.call('HSET', key, 'tokens', exact(spent.tokens), 'cost', exact(spent.cost))
    redis.call('EXPIRE', key, KEPT_SPENT)
  end
end
"""
)

SETTLE = (
    _COMMON
    + """
for i, scope in ipairs(ask.scopes) do
  local meter, holds, day, month = unpack(KEYS, 4 * i - 3, 4 * i)
  local hold = redis.call('HGET', holds, ask.reservation)
  redis.call('HINCRBY', meter, 'settled', 1)
  redis.call('EXPIRE', meter, KEPT_METER)
  if hold then
    local _, tokens = read_hold(hold)
    redis.call('HDEL', holds, ask.reservation)
    if scope.tokens_per_minute then
      local back = math.max(now, tonumber(redis.call('HGET', meter, 'tokens_until') or 0))
      back = back + (ask.tokens - tokens) * 60 / scope.tokens_per_minute
      redis.call('HSET', meter, 'tokens_until', exact(back))
    end
    for _, period in ipairs({day, month}) do
      if redis.call('EXISTS', period) == 1 then
        redis.call('HINCRBY', period, 'tokens', exact(ask.tokens))
        redis.call('HINCRBY', period, 'cost', exact(ask.cost))
      end
    end
  else
    redis.call('DEL', day, month)
  end
end
"""
)

RENEW = (
    _COMMON
    + """
for i, reservation in ipairs(ask.reservations) do
  local hold = redis.call('HGET', KEYS[i], reservation)
  if hold then
    local _, tokens, cost = read_hold(hold)
    redis.call('HSET', KEYS[i], reservation, write_hold(now + ask.lease, tokens, cost))
    redis.call('EXPIRE', KEYS[i], KEPT_METER)
  end
end
"""
)
