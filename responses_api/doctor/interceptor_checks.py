"""The interceptor: does it answer over the layer, is its port open, is its certificate good."""

import asyncio
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from cryptography import x509
from django.conf import settings

from responses_api.doctor.findings import Finding, failed, ok, warning
from responses_api.exchanges.exchange_desk import current_desk

_PATIENCE = 3.0
_SOON = timedelta(days=30)
_START = "Start it: `python manage.py runinterceptor`, or all parts with `python manage.py serve`."
_MADE_ANEW = "Stop the interceptor, remove DATA_DIR/interceptor, and start it: it makes a new one."
_KEY = "mitmproxy-ca.pem"


async def check_interceptor() -> list[Finding]:
    """Whether one answers over the channel layer, as far as it can be asked from this process."""
    joint = "interceptor"
    if not settings.INTERCEPTOR_ENABLED:
        return [ok(joint, "switched off (INTERCEPTOR_ENABLED): cascades are followed")]
    if not settings.REDIS_URL:
        return [ok(joint, "part of `manage.py serve`; /readyz asks it")]
    desk = await current_desk()
    if not await desk.interceptor_answers(_PATIENCE):
        advice = f"{_START} It needs the same REDIS_URL, REDIS_PREFIX and version."
        return [failed(joint, "none answers over the channel layer", advice)]
    return [ok(joint, "answers over the channel layer")]


async def check_proxy() -> list[Finding]:
    """Whether the language server could connect to it."""
    if not settings.INTERCEPTOR_ENABLED or not settings.INTERCEPTOR_URL:
        return []
    joint, address = "interceptor's port", urlsplit(settings.INTERCEPTOR_URL)
    where = f"{address.hostname}:{address.port or 80}"
    try:
        async with asyncio.timeout(_PATIENCE):
            _, writer = await asyncio.open_connection(address.hostname, address.port or 80)
    except (OSError, TimeoutError):
        return [failed(joint, f"nobody listens on {where}", f"{_START} See INTERCEPTOR_URL.")]
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()
    return [ok(joint, f"{where} accepts connections")]


async def check_certificate() -> list[Finding]:
    """Whether its certificate authority is there, valid and private."""
    if not settings.INTERCEPTOR_ENABLED:
        return []
    return [await asyncio.to_thread(_certificate)]


def _certificate() -> Finding:
    joint, path = "interceptor's certificate", Path(settings.INTERCEPTOR_CA_FILE)
    try:
        certificate = x509.load_pem_x509_certificate(path.read_bytes())
    except FileNotFoundError:
        return failed(joint, f"{path} does not exist", f"{_START} See INTERCEPTOR_CA_FILE.")
    except PermissionError:
        return failed(joint, f"{path} cannot be read", "Let the user that runs this read it.")
    except ValueError:
        return failed(joint, f"{path} is no certificate", _MADE_ANEW)
    until, now = certificate.not_valid_after_utc, datetime.now(UTC)
    if until <= now:
        return failed(joint, f"expired on {until:%Y-%m-%d}", _MADE_ANEW)
    if certificate.not_valid_before_utc > now:
        return failed(joint, "not valid yet", "Set this machine's clock.")
    key = Path(settings.INTERCEPTOR_DIR) / _KEY
    if key.is_file() and key.stat().st_mode & 0o077:
        return failed(joint, f"others can read its key {key}", f"Make it private: chmod 600 {key}")
    if until - now < _SOON:
        return warning(joint, f"valid until {until:%Y-%m-%d}", _MADE_ANEW)
    return ok(joint, f"valid until {until:%Y-%m-%d}")
