"""Values of the environment: what each reader takes, and what it says of the rest."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from zgproject import environment

type Reader = Callable[[str], Any]

NAME = "ZG_TEST_SETTING"


def port(name: str) -> int:
    return environment.port(name, 1)


def ports(name: str) -> list[int]:
    return environment.ports(name, [1])


def seconds(name: str) -> float:
    return environment.seconds(name, 1)


def days(name: str) -> float:
    return environment.days(name, 1)


def size(name: str) -> int:
    return environment.bytes(name, 1)


def choice(name: str) -> str:
    return environment.choice(name, "off", "full")


@pytest.mark.parametrize(
    ("read", "value", "expected"),
    [
        (port, "0", 0),
        (ports, "443,8443", [443, 8443]),
        (seconds, "0.5", 0.5),
        (days, "0", 0.0),
        (choice, "full", "full"),
        (environment.secret, " $ecret\n", "$ecret"),
        (
            environment.hosts,
            "Files.corp.example,[fd00::5]:8443",
            ["files.corp.example:443", "[fd00::5]:8443"],
        ),
        (environment.host_patterns, "*.example.com,a:8443", ["*.example.com:443", "a:8443"]),
        (environment.origin, "http://127.0.0.1:8091/", "http://127.0.0.1:8091"),
        (environment.map, '{"gemini-x": "MODEL_X"}', {"gemini-x": "MODEL_X"}),
        (environment.map, "gemini-x=MODEL_X", {"gemini-x": "MODEL_X"}),
        (environment.map, " gemini-x = MODEL_X ,", {"gemini-x": "MODEL_X"}),
    ],
)
def test_what_is_taken(read: Reader, value: str, expected: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(NAME, value)
    assert read(NAME) == expected


@pytest.mark.parametrize(
    ("read", "value", "problem"),
    [
        (port, "99999", "must be a port number between 0 and 65535, not 99999."),
        (ports, "443,https", "must list port numbers, not "),
        (ports, "0", "must list port numbers between 1 and 65535, not [0]."),
        (seconds, "0", "must be a positive number of seconds, not 0.0."),
        (days, "-1", "must be a number of days, or 0 to keep for ever, not -1.0."),
        (size, "0", "must be a positive number of bytes, not 0."),
        (choice, "some", "must be one of off, full, not 'some'."),
        *(
            (environment.hosts, entry, "must list hosts as host or host:port, not ")
            for entry in ("https://files.corp.example", "files.corp.example:x", "user@files.corp.example")
        ),
        *(
            (environment.host_patterns, entry, "must list hosts as host or host:port, not ")
            for entry in ("https://gemini.example.com", "gemini.*.com", "*", "*.example.com:x")
        ),
        *(
            (environment.origin, url, "must be an address such as http://127.0.0.1:8091, without a path.")
            for url in ("127.0.0.1:8091", "ftp://host", "http://host/path", "http://host:99999")
        ),
        *(
            (environment.map, value, "must be a JSON object of strings, or name=value pairs")
            for value in ("{broken", '{"a": 1}', "a")
        ),
        (environment.limits, "requests=5", "knows no 'requests'; it may give requests_per_minute, "),
        (environment.limits, "tokens_per_day=many", "gives tokens_per_day='many', which is not a number."),
        (
            environment.limits,
            "tokens_per_day=1.5",
            "must give tokens_per_day as a whole number above 0, not 1.5.",
        ),
        (
            environment.limits,
            "requests_per_minute=0",
            "must give requests_per_minute as a whole number above 0, not 0.",
        ),
        (
            environment.limits,
            "dollars_per_day=NaN",
            "must give dollars_per_day as an amount of dollars above 0, not NaN.",
        ),
        (environment.optional_path, "/nowhere/at/all", "names a file that does not exist: /nowhere/at/all"),
    ],
)
def test_what_is_refused(read: Reader, value: str, problem: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(NAME, value)
    with pytest.raises(ImproperlyConfigured) as refused:
        read(NAME)
    assert str(refused.value).startswith(f"{NAME} {problem}")
