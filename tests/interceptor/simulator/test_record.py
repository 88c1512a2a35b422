from interceptor.simulator.record import Record, SeenRequest


def seen(body: bytes) -> SeenRequest:
    return SeenRequest("POST", "/x", "api_key", body)


def test_the_history_is_bounded_and_the_count_is_not() -> None:
    record = Record.keeping(2)
    for number in range(5):
        record.add(seen(b'{"n": %d}' % number))
    assert record.stats()["requests"] == 5
    assert [one.to_json()["body"] for one in record.history] == [{"n": 3}, {"n": 4}]


def test_bodies_that_are_no_json_or_very_large() -> None:
    record = Record.keeping(3)
    for body in (b"{", b"", b'"' + b"a" * 2_000_000 + b'"'):
        record.add(seen(body))
    assert [one.to_json()["body"] for one in record.history] == [
        {"unparsed_bytes": 1},
        None,
        {"large_body_bytes": 2_000_002},
    ]


def test_attempts_are_counted_per_prompt() -> None:
    record = Record.keeping(1)
    assert [record.attempt(prompt) for prompt in ("a", "a", "b", "a")] == [1, 2, 1, 3]
