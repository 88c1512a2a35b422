"""A million ended exchanges of thirty days, made by the database itself."""

from datetime import timedelta

from django.contrib.auth.models import User
from django.db import connection
from django.utils import timezone

from responses_api.access.api_keys import create_api_key
from responses_api.models import Usage
from responses_api.statistics import rolling

USERS = 20
KEYS = 50
MODELS = 6
FRESH = 200
"""How many of them are not rolled up yet: what 40 requests a second leave in five seconds."""

# Few keys and models have most of the traffic; times are log-normal around 400 ms and 1.6 s.
_EXCHANGES = """
CREATE TEMPORARY TABLE made AS
SELECT md5(n::text) AS id, now() - interval '30 days' * random() AS at,
    keys.id AS key, keys.owner_id AS owner, 'model-' || floor({models} * power(random(), 2)) AS model,
    random() AS luck, exp(6 + 1.2 * random_normal()) AS first, exp(7.4 + 1.2 * random_normal()) AS rest
FROM (
    SELECT n, 1 + floor({keys} * power(random(), 2))::int AS number FROM generate_series(1, {rows}) AS n
) AS numbers JOIN (
    SELECT id, owner_id, row_number() OVER (ORDER BY id) AS number FROM responses_api_apikey
) AS keys USING (number)
"""
_TRACES = """
INSERT INTO responses_api_trace (id, response_id, owner_id, api_key_id, started_at, ended_at, outcome, model,
    stream, simulated, client_request, first_event_ms, duration_ms, turns, response_summary, error,
    adaptations)
SELECT 'trace_' || id, 'resp_' || id, owner, key, at, at + interval '1 ms' * (first + rest),
    CASE WHEN luck < 0.7 THEN 'completed' WHEN luck < 0.9 THEN 'tool_call'
        WHEN luck < 0.93 THEN 'upstream_error' WHEN luck < 0.96 THEN 'client_disconnect'
        WHEN luck < 0.98 THEN 'incomplete' ELSE 'failed' END,
    model, true, true,
    jsonb_build_object('request_id', 'req_' || id, 'traceparent', null, 'user_agent', 'OpenAI/Python 3.54.0',
        'body_bytes', 5000, 'input_items', 3, 'history_items', 4, 'instructions', true, 'tools', 4,
        'stream', true, 'store', true, 'previous_response_id', null, 'temperature', null, 'top_p', null,
        'max_output_tokens', null, 'reasoning_effort', null),
    first, first + rest, 1,
    '{{"status": "completed", "items": ["reasoning", "message"], "text_characters": 100, "remedies": []}}',
    CASE WHEN luck >= 0.98 THEN '{{"message": "The model failed.", "code": "server_error"}}'::jsonb END, '[]'
FROM made ORDER BY at
"""
_USAGE = """
INSERT INTO responses_api_usage (trace_id, owner_id, api_key_id, at, model, source, input_tokens,
    cached_tokens, output_tokens, reasoning_tokens, total_tokens, cost, rolled_up)
SELECT 'trace_' || id, owner, key, at + interval '1 ms' * (first + rest), model, 'intercepted',
    (first * 10)::int, (first * 5)::int, rest::int, (rest / 2)::int, (first * 10)::int + rest::int,
    (first * 10 * 0.0000003 + rest * 0.0000025)::numeric(20, 10),
    row_number() OVER (ORDER BY at DESC) > {fresh}
FROM made ORDER BY at
"""


def fill(rows: int) -> None:
    """Make the users, their keys, the exchanges and their roll-ups."""
    users = [User.objects.create_user(f"user{number}") for number in range(USERS)]
    for number in range(KEYS):
        create_api_key(f"key {number}", users[number % USERS])
    with connection.cursor() as cursor:
        cursor.execute("SELECT setseed(0.5)")
        cursor.execute(_EXCHANGES.format(models=MODELS, keys=KEYS, rows=rows))
        cursor.execute(_TRACES.format())
        cursor.execute(_USAGE.format(fresh=FRESH))
        cursor.execute("DROP TABLE made")
    for day in rolling.days():
        rolling.rebuild(day)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def middle() -> tuple[str, str]:
    """The place in the list of traces from which half of them are older: time and id."""
    at = timezone.now() - timedelta(days=15)
    usage = Usage.objects.filter(trace__started_at__lte=at).order_by("-trace__started_at").first()
    assert usage is not None
    return usage.trace.started_at.isoformat(), usage.trace_id
