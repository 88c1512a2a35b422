"""``/healthz`` and ``/readyz``: is this process alive, and are all joints of the path up."""

import asyncio
from collections.abc import Awaitable

from django.conf import settings
from django.db import connection
from django.http import HttpRequest, JsonResponse

from responses_api.exchanges.exchange_desk import current_desk
from responses_api.exchanges.language_server import current_client
from responses_api.runtime import database

_PATIENCE = 2.0


async def healthz(request: HttpRequest) -> JsonResponse:
    """The process answers."""
    return JsonResponse({"status": "ok"})


async def readyz(request: HttpRequest) -> JsonResponse:
    """Database, channel layer, interceptor and language server answer: 200, else 503 and which does not."""
    joints = {
        "database": _database(),
        "channel_layer": _channel_layer(),
        **({"interceptor": _interceptor()} if settings.INTERCEPTOR_ENABLED else {}),
        "language_server": current_client().answers(),
    }
    checks = await asyncio.gather(*joints.values())
    ready = all(checks)
    return JsonResponse(
        {
            "status": "ok" if ready else "unavailable",
            "checks": {name: "ok" if up else "unavailable" for name, up in zip(joints, checks, strict=True)},
        },
        status=200 if ready else 503,
    )


async def _database() -> bool:
    def ask() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")

    return await _succeeds(database.run(ask))


async def _channel_layer() -> bool:
    async def ask() -> None:
        desk = await current_desk()
        if not await desk.layer_answers(_PATIENCE):
            raise TimeoutError

    return await _succeeds(ask())


async def _interceptor() -> bool:
    async def ask() -> None:
        desk = await current_desk()
        if not await desk.interceptor_answers(_PATIENCE):
            raise TimeoutError

    return await _succeeds(ask())


async def _succeeds(check: Awaitable[object]) -> bool:
    try:
        async with asyncio.timeout(_PATIENCE + 0.5):
            await check
    except Exception:  # noqa: BLE001 - any reason counts as not ready
        return False
    return True
