"""Patterns of hosts, and what becomes of requests for them."""

import pytest

from interceptor.hosts import HostPattern, HostRules, Passage, address_of


@pytest.mark.parametrize(
    ("pattern", "host", "port", "expected"),
    [
        ("example.com", "example.com", 443, True),
        ("Example.com", "EXAMPLE.com", 443, True),
        ("example.com", "example.com.", 443, True),
        ("example.com", "example.com", 80, False),
        ("example.com", "www.example.com", 443, False),
        ("example.com:8443", "example.com", 8443, True),
        ("*.googleapis.com", "generativelanguage.googleapis.com", 443, True),
        ("*.googleapis.com", "a.b.googleapis.com", 443, True),
        ("*.googleapis.com", "googleapis.com", 443, False),
        ("*.googleapis.com", "evilgoogleapis.com", 443, False),
        ("*.googleapis.com", "googleapis.com.evil.test", 443, False),
        ("*.googleapis.com:8443", "x.googleapis.com", 8443, True),
        ("[::1]:9000", "::1", 9000, True),
        ("127.0.0.1:9000", "127.0.0.1", 9000, True),
    ],
)
def test_a_pattern_means_these_hosts(pattern: str, host: str, port: int, expected: bool) -> None:
    assert HostPattern.parse(pattern).matches(host, port) is expected


@pytest.mark.parametrize(
    "text", ["", "*", "*.", "a*b.com", "user@host", "http://host", "host/path", "host:0", "host:x", "*.*.com"]
)
def test_anything_else_is_no_pattern(text: str) -> None:
    with pytest.raises(ValueError):
        HostPattern.parse(text)


def test_what_is_intercepted_wins_and_what_is_not_listed_is_refused() -> None:
    rules = HostRules.parse(["gemini.googleapis.com"], ["*.googleapis.com"])

    assert rules.passage("gemini.googleapis.com", 443) is Passage.INTERCEPTED
    assert rules.passage("oauth2.googleapis.com", 443) is Passage.PASSED_THROUGH
    assert rules.passage("gemini.googleapis.com", 80) is Passage.REFUSED
    assert rules.passage("example.com", 443) is Passage.REFUSED


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("https://generativelanguage.googleapis.com", "generativelanguage.googleapis.com:443"),
        ("https://127.0.0.1:9100/v1", "127.0.0.1:9100"),
        ("http://simulator", "simulator:80"),
        ("https://[::1]:9100", "[::1]:9100"),
    ],
)
def test_the_address_of_a_url(url: str, address: str) -> None:
    assert address_of(url) == address
    assert HostRules.parse([address_of(url)])
