"""The upstream: TLS, name, whether it takes the default credential, and whether our clocks agree."""

import ssl
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import aiohttp
from django.conf import settings

from responses_api.access.credentials import CredentialUnavailable
from responses_api.access.renewing import upstream_auth
from responses_api.doctor.credential_checks import default_ref
from responses_api.doctor.findings import Finding, failed, ok, warning
from responses_api.runtime import database

_JOINT = "upstream"
_TIMEOUT = aiohttp.ClientTimeout(total=8, sock_connect=5)
_CLOCK_WARNS, _CLOCK_FAILS = 60.0, 300.0
"""Seconds between our clock and the upstream's; tokens are refused from about five minutes on."""


async def check_upstream() -> list[Finding]:
    """Its list of models, asked with the default credential; and the date that it gives."""
    if settings.UPSTREAM_SIMULATED and settings.UPSTREAM_URL == settings.PUBLIC_GEMINI_URL:
        advice = "Set GEMINI_API_KEY, or UPSTREAM_SIMULATED=false and credentials in the admin."
        return [warning(_JOINT, "answers are simulated: no model is asked", advice)]
    try:
        headers = await _headers()
    except CredentialUnavailable:
        # What is wrong with it is said of the credential.
        headers = {}
    ca_file = settings.UPSTREAM_CA_FILE
    tls = ssl.create_default_context(cafile=str(ca_file) if ca_file else None)
    url = f"{settings.UPSTREAM_URL}/{settings.UPSTREAM_API_VERSION}/models"
    try:
        async with (
            aiohttp.ClientSession(timeout=_TIMEOUT, connector=aiohttp.TCPConnector(ssl=tls)) as session,
            session.get(url, params={"pageSize": "1"}, headers=headers, allow_redirects=False) as answer,
        ):
            return [_judged(answer.status, bool(headers)), *_clock(answer.headers.get("Date"))]
    except aiohttp.ClientConnectorDNSError:
        return [
            failed(_JOINT, "its host name cannot be resolved", "See UPSTREAM_URL and this machine's DNS.")
        ]
    except (aiohttp.ClientSSLError, ssl.SSLError):
        return [failed(_JOINT, "its certificate is not trusted", "See UPSTREAM_CA_FILE and UPSTREAM_URL.")]
    except (aiohttp.ClientError, TimeoutError, OSError):
        return [
            failed(_JOINT, "cannot be reached", "See UPSTREAM_URL, and whether a firewall is in between.")
        ]


async def _headers() -> dict[str, str]:
    reference = await database.run(default_ref)
    return dict((await upstream_auth(reference)).headers()) if reference is not None else {}


def _judged(status: int, authorised: bool) -> Finding:
    if status == 200:
        return ok(_JOINT, "answers, and takes the default credential")
    if status in (400, 401, 403) and not authorised:
        return warning(
            _JOINT, "answers; there is no default credential to ask with", "See the credential above."
        )
    if status in (400, 401, 403):
        advice = "See the credential, its project and QUOTA_PROJECT, and UPSTREAM_API_VERSION."
        return failed(_JOINT, f"refuses the default credential (HTTP {status})", advice)
    if status == 429:
        return warning(
            _JOINT, "answers that the default credential's quota is used up", "Wait, or use another."
        )
    return failed(_JOINT, f"answers with HTTP {status}", "See UPSTREAM_URL and UPSTREAM_API_VERSION.")


def _clock(date: str | None) -> list[Finding]:
    try:
        theirs = parsedate_to_datetime(date or "")
    except ValueError:
        return []
    skew = abs((datetime.now(UTC) - theirs).total_seconds())
    said, advice = (
        f"{skew:.0f} s from the upstream's",
        "Set this machine's clock (NTP): tokens and certificates depend on it.",
    )
    if skew > _CLOCK_FAILS:
        return [failed("clock", said, advice)]
    return [warning("clock", said, advice) if skew > _CLOCK_WARNS else ok("clock", said)]
