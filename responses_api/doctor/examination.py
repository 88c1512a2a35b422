"""Runs the checks, all at once, each for a bounded time; a check that breaks is a finding like any other."""

import asyncio
from collections.abc import Iterable

from responses_api.doctor.credential_checks import check_credentials
from responses_api.doctor.database_checks import check_database
from responses_api.doctor.findings import Check, Finding, failed
from responses_api.doctor.folder_checks import check_folder
from responses_api.doctor.interceptor_checks import check_certificate, check_interceptor, check_proxy
from responses_api.doctor.language_server_checks import check_language_server
from responses_api.doctor.layer_checks import check_channel_layer, check_redis
from responses_api.doctor.settings_checks import check_settings
from responses_api.doctor.upstream_checks import check_upstream
from responses_api.exchanges.exchange_desk import close_current_desk
from responses_api.exchanges.language_server import close_current_client

PATIENCE = 10.0
"""Seconds that one check may take."""

CHECKS: dict[str, Check] = {
    "settings": check_settings,
    "data folder": check_folder,
    "database": check_database,
    "redis": check_redis,
    "channel layer": check_channel_layer,
    "interceptor": check_interceptor,
    "interceptor's port": check_proxy,
    "interceptor's certificate": check_certificate,
    "language server": check_language_server,
    "credentials": check_credentials,
    "upstream": check_upstream,
}
"""By the name of the joint that a check is about, or of its first one, in the order of the report."""


async def examine(checks: dict[str, Check] | None = None, patience: float = PATIENCE) -> list[Finding]:
    """All findings, in the order of the checks.

    Args:
        checks: what to look at; None for everything.
        patience: seconds that each check may take.
    """
    chosen = CHECKS if checks is None else checks
    try:
        found = await asyncio.gather(*(_bounded(name, check, patience) for name, check in chosen.items()))
    finally:
        await close_current_client()
        await close_current_desk()
    return _joined(found)


async def _bounded(joint: str, check: Check, patience: float) -> list[Finding]:
    try:
        async with asyncio.timeout(patience):
            return await check()
    except TimeoutError:
        return [failed(joint, f"no answer within {patience:g} s", "See whether it is running and reachable.")]
    except Exception as error:  # noqa: BLE001 - a check must not end the examination
        # Only the kind: the text of a driver's error may hold an address with a password.
        said = f"the check itself failed ({type(error).__name__})"
        return [failed(joint, said, "Please report this, with the gateway's version.")]


def _joined(found: Iterable[list[Finding]]) -> list[Finding]:
    return [finding for findings in found for finding in findings]
