"""URLs that are refused before any name is looked up."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from responses_api.remote_files.remote_urls import DownloadRules, UrlRefused, checked_url, host_of, is_trusted

TRUSTED = frozenset({"files.corp.example:8443", "[fd00::5]:443"})
RULES = DownloadRules(
    plain_http=False, ports=frozenset({443}), trusted_hosts=TRUSTED, ca_bundle=None, timeout=20
)
WITH_HTTP = DownloadRules(
    plain_http=True, ports=frozenset({443}), trusted_hosts=TRUSTED, ca_bundle=None, timeout=20
)


@pytest.mark.parametrize(
    "text",
    [
        "", "x", "/x", "//example.com/x", "https:", "https:example.com", "https://", "https:///x", "https://:443/",
        "http://example.com/", "ftp://example.com/", "file:///etc/passwd", "gopher://example.com/",
        "https://user@example.com/", "https://user:pass@example.com/", "https://:@example.com/", "https://@example.com/",
        "https://example.com:22/", "https://example.com:8443/", "https://example.com:0/", "https://example.com:99999/",
        "https://example.com:x/", "https://example.com\\@127.0.0.1/", "https://[::1/", "https://\ud800/",
        "https://1.1.1.1 &@2.2.2.2# @3.3.3.3/", "https://example.com/" + "a" * 8192,
    ],
)  # fmt: skip
def test_refused(text: str) -> None:
    with pytest.raises(UrlRefused):
        checked_url(text, RULES)


@pytest.mark.parametrize(
    "text",
    [
        "https://example.com",
        "https://example.com:443/a",
        "HTTPS://EXAMPLE.COM/a",
        "https://files.corp.example:8443/a",
        "https://FILES.corp.example:8443/a",
        "https://[fd00::5]/a",
        "https://bücher.example/ä",
    ],
)
def test_allowed(text: str) -> None:
    assert checked_url(text, RULES).scheme == "https"


def test_http_is_the_operators_choice() -> None:
    with pytest.raises(UrlRefused, match="only https"):
        checked_url("http://example.com/a", RULES)
    assert checked_url("http://example.com/a", WITH_HTTP).port == 80
    with pytest.raises(UrlRefused, match="port 80"):
        checked_url("https://example.com:80/a", WITH_HTTP)


def test_only_the_very_host_and_port_are_trusted() -> None:
    assert is_trusted(URL("https://files.corp.example:8443/a"), RULES)
    assert is_trusted(URL("https://[fd00::5]/a"), RULES)
    for other in ("https://files.corp.example/a", "https://x.files.corp.example:8443/", "https://[fd00::6]/"):
        assert not is_trusted(URL(other), RULES)


def test_a_signed_url_is_asked_for_as_it_is_written() -> None:
    text = "https://example.com/o/a%2Fb%7E.png?x=a%2Fb%3A+c&sig=%2B%3d"
    assert str(checked_url(text, RULES)) == text


def test_a_redirect_is_checked_like_the_url_itself() -> None:
    base = checked_url("https://example.com/a/b", RULES)
    assert str(checked_url("c?d", RULES, base=base)) == "https://example.com/a/c?d"
    assert str(checked_url("//example.org/c", RULES, base=base)) == "https://example.org/c"
    for location in (
        "http://example.com/",
        "https://example.com:22/",
        "//u@example.com/",
        "file:///etc/passwd",
    ):
        with pytest.raises(UrlRefused):
            checked_url(location, RULES, base=base)


@given(
    st.text()
    | st.text(max_size=30).map("https://".__add__)
    | st.from_regex(r"https://[!-~]{0,30}", fullmatch=True)
)
def test_any_text_is_refused_or_a_plain_https_url(text: str) -> None:
    base = URL("https://example.com/a")
    for relative_to in (None, base):
        try:
            url = checked_url(text, RULES, base=relative_to)
        except UrlRefused:
            continue
        assert (url.scheme, url.port, url.user, url.password) == ("https", 443, None, None)
        if relative_to is None:
            assert host_of(text) == url.raw_host != ""
