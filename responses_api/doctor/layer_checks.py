"""The channel layer: does a message arrive, and is the Redis behind it up."""

import asyncio

from django.conf import settings
from redis import asyncio as redis
from redis.exceptions import AuthenticationError, RedisError

from responses_api.doctor.findings import Finding, failed, ok
from responses_api.exchanges.channel_messages import ChannelMessage, Inbox, Ping, send

_PATIENCE = 3.0
_REDIS_ADVICE = "See REDIS_URL, and whether the server is up."


async def check_redis() -> list[Finding]:
    """Whether Redis answers, and in which version; nothing where none is set."""
    if not settings.REDIS_URL:
        return []
    client = redis.Redis.from_url(
        settings.REDIS_URL, socket_connect_timeout=_PATIENCE, socket_timeout=_PATIENCE
    )
    try:
        version = (await client.info("server"))["redis_version"]
    except AuthenticationError:
        return [failed("redis", "the password is not accepted", "See the password in REDIS_URL.")]
    except (RedisError, OSError):
        return [failed("redis", "cannot be reached", _REDIS_ADVICE)]
    finally:
        await client.aclose()
    return [ok("redis", f"Redis {version} answers")]


async def check_channel_layer() -> list[Finding]:
    """Whether a message that is sent arrives."""
    joint = "channel layer"
    if not settings.REDIS_URL:
        return [ok(joint, "in memory: gateway and interceptor run in one process (`manage.py serve`)")]
    arrived = asyncio.Event()

    def handle(message: ChannelMessage) -> None:
        arrived.set()

    inbox = Inbox(handle, groups=[])
    try:
        async with asyncio.timeout(_PATIENCE):
            await inbox.open()
            await send(inbox.channel, Ping(inbox.channel, "doctor"))
            await arrived.wait()
    except TimeoutError:
        return [failed(joint, "a message to ourselves did not arrive", _REDIS_ADVICE)]
    except (RedisError, OSError):
        return [failed(joint, "cannot be opened", _REDIS_ADVICE)]
    finally:
        await inbox.close()
    return [ok(joint, "a message arrives")]
