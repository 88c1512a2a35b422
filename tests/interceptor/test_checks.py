"""System checks: an interceptor that others can reach needs a login."""

from pathlib import Path

import pytest
from pytest_django import Settings

from interceptor import proxy
from interceptor.checks import check_proxy_login
from interceptor.hosts import HostRules


@pytest.mark.parametrize(
    ("host", "user", "password", "ids"),
    [
        ("127.0.0.1", "", "", []),
        ("0.0.0.0", "", "", ["interceptor.E001"]),
        ("0.0.0.0", "agent", "secret", []),
        ("127.0.0.1", "agent", "", ["interceptor.E002"]),
        ("127.0.0.1", "", "secret", ["interceptor.E002"]),
        ("127.0.0.1", "a:b", "secret", ["interceptor.E002"]),
    ],
)
def test_an_open_proxy_and_half_a_login_are_refused(
    settings: Settings, host: str, user: str, password: str, ids: list[str]
) -> None:
    settings.INTERCEPTOR_HOST = host
    settings.INTERCEPTOR_PROXY_USER = user
    settings.INTERCEPTOR_PROXY_PASSWORD = password
    problems = check_proxy_login(None)

    assert [problem.id for problem in problems] == ids
    assert not any(password and password in str(problem) for problem in problems)


async def test_it_does_not_start_as_an_open_proxy(tmp_path: Path) -> None:
    """Also if the address came as an option, after the checks."""
    config = proxy.ProxyConfig(
        host="0.0.0.0",
        port=0,
        folder=tmp_path,
        upstream_ca=None,
        claim_patience=1,
        hosts=HostRules.parse(["example.com"]),
    )
    with pytest.raises(proxy.ProxyFailed, match="open proxy on 0.0.0.0"):
        await proxy.start(config)
