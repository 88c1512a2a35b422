"""The login of the proxy, and when one is needed."""

import base64

import pytest

from interceptor.proxy_login import ProxyLogin, reaches_only_this_machine, with_login

LOGIN = ProxyLogin("agent", "pass:wörd @1")


def basic(text: str) -> str:
    return "Basic " + base64.b64encode(text.encode()).decode()


def test_the_right_login_is_admitted() -> None:
    assert LOGIN.admits(basic("agent:pass:wörd @1"))
    assert LOGIN.admits(basic("agent:pass:wörd @1").replace("Basic", "basic"))


def test_in_the_older_encoding_too_where_there_is_one() -> None:
    assert LOGIN.admits("Basic " + base64.b64encode("agent:pass:wörd @1".encode("latin-1")).decode())
    snow = ProxyLogin("agent", "snow☃")
    assert snow.admits(basic("agent:snow☃"))
    assert not snow.admits(basic("agent:snow?"))


@pytest.mark.parametrize(
    "header",
    [
        *(
            "",
            "Basic",
            "Basic !",
            "Bearer x",
            basic(""),
            basic("agent"),
            basic("agent:"),
            basic("agent:wrong"),
        ),
        *(basic("Agent:pass:wörd @1"), basic("agent:pass:wörd @1").replace("Basic", "Bearer"), "Basic \xff"),
    ],
)
def test_every_other_one_is_not(header: str) -> None:
    assert not LOGIN.admits(header)


def test_it_does_not_show_its_password() -> None:
    assert "pass" not in repr(LOGIN)


def test_there_is_none_without_both_halves() -> None:
    assert ProxyLogin.of("agent", "") is None
    assert ProxyLogin.of("", "secret") is None
    assert ProxyLogin.of("agent", "secret") == ProxyLogin("agent", "secret")


@pytest.mark.parametrize(
    ("url", "login", "expected"),
    [
        ("http://10.0.0.5:8090", None, "http://10.0.0.5:8090"),
        ("http://10.0.0.5:8090", LOGIN, "http://agent:pass%3Aw%C3%B6rd%20%401@10.0.0.5:8090"),
        ("http://me:mine@10.0.0.5:8090", LOGIN, "http://me:mine@10.0.0.5:8090"),
        ("http://[::1]:8090", ProxyLogin("a", "b"), "http://a:b@[::1]:8090"),
        ("", LOGIN, ""),
    ],
)
def test_a_proxy_url_with_the_login(url: str, login: ProxyLogin | None, expected: str) -> None:
    assert with_login(url, login) == expected


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        *(("127.0.0.1", True), ("127.0.0.2", True), ("::1", True), ("localhost", True)),
        *(("0.0.0.0", False), ("::", False), ("10.0.0.5", False), ("box.local", False), ("", False)),
    ],
)
def test_which_addresses_others_can_reach(host: str, expected: bool) -> None:
    assert reaches_only_this_machine(host) is expected
