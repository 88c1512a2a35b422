"""Sends the webhooks' reports, in every gateway process.

Where an endpoint leads is distrusted like every URL that is not ours to choose: only public
addresses, unless the operator allows the host; no redirects; of the answer, the status alone.
"""

import asyncio
import logging
import random
import ssl
import time
from collections import Counter
from contextlib import AsyncExitStack
from typing import Self

import aiohttp
import msgspec
from django.conf import settings
from django.utils import timezone

from responses_api.access.encryption import SecretUnreadable, decrypt
from responses_api.core.public_addresses import is_public
from responses_api.remote_files.public_connections import Allows, guarded_connector
from responses_api.remote_files.remote_urls import DownloadRules, UrlRefused, is_trusted
from responses_api.runtime import database, process_tasks
from responses_api.runtime.tasks import spawn
from responses_api.webhooks import webhook_deliveries
from responses_api.webhooks.reports import (
    checked_endpoint,
    doorbell,
    foreground_listeners,
    rules_from_settings,
    signed_headers,
)
from responses_api.webhooks.webhook_deliveries import Delivery, Verdict

logger = logging.getLogger("zg.webhooks")

POLL_INTERVAL = 1.0
"""Seconds until deliveries are noticed that another process made, or that are due again."""
_GONE = 410


class Post:
    """Posts single reports; an asynchronous context manager that holds no connection."""

    def __init__(self, rules: DownloadRules) -> None:
        self._rules = rules
        self._sessions = AsyncExitStack()

    async def __aenter__(self) -> Self:
        tls = ssl.create_default_context()
        if self._rules.ca_bundle is not None:
            tls.load_verify_locations(self._rules.ca_bundle)
        self._public = await self._sessions.enter_async_context(_session(is_public, tls))
        self._trusted = await self._sessions.enter_async_context(_session(lambda address: True, tls))
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self._sessions.aclose()

    async def send(self, delivery: Delivery) -> Verdict:
        """Attempt ``delivery`` once; never raises for what the other side does."""
        if not delivery.enabled:
            return Verdict(error="The endpoint is disabled.", final=True)
        try:
            url = checked_endpoint(delivery.url, self._rules)
            secret = decrypt(delivery.secret)
        except UrlRefused as refused:
            return Verdict(error=f"Nothing is sent to this URL: {refused}.")
        except SecretUnreadable as unavailable:
            return Verdict(error=f"The secret cannot be used. {unavailable}")
        body = msgspec.json.encode(delivery.event)
        headers = signed_headers(secret, delivery.id, int(time.time()), body)
        session = self._trusted if is_trusted(url, self._rules) else self._public
        try:
            async with (
                asyncio.timeout(self._rules.timeout),
                session.post(url, data=body, headers=headers, allow_redirects=False) as answer,
            ):
                return _verdict(answer.status)
        except TimeoutError:
            return Verdict(error=f"No answer within {self._rules.timeout:g} s.")
        except (aiohttp.ClientError, OSError) as error:
            return Verdict(error=_reason(error))


class Sender:
    """Keeps up to ``limit`` attempts going; no endpoint gets more than its share of them."""

    def __init__(self, post: Post, limit: int) -> None:
        self._post = post
        self._limit = limit
        self._share = max(1, limit // 4)
        self._under_way: dict[asyncio.Task[None], int] = {}

    async def start_due(self) -> int:
        """Start attempts as far as there is room; how many."""
        room = self._limit - len(self._under_way)
        if room <= 0:
            return 0
        at_work = Counter(self._under_way.values())
        busy = [endpoint for endpoint, count in at_work.items() if count >= self._share]
        claimed = await database.run(webhook_deliveries.claim, room, self._share, busy)
        for delivery in claimed:
            task = spawn(self._attempt(delivery), name="deliver webhook")
            self._under_way[task] = delivery.endpoint_id
            task.add_done_callback(self._finished)
        return len(claimed)

    async def close(self) -> None:
        """Break off what is under way; it is due again when its lease has passed."""
        tasks = list(self._under_way)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _attempt(self, delivery: Delivery) -> None:
        verdict = await self._post.send(delivery)
        retry_at = None
        if verdict.error:
            if not verdict.final:
                retry_at = webhook_deliveries.next_attempt(delivery, timezone.now(), random.random())
            logger.warning(
                "webhook %s, attempt %d failed%s: %s",
                delivery.id,
                delivery.attempt,
                " and is given up" if retry_at is None else "",
                verdict.error,
            )
        await database.run_patiently(webhook_deliveries.conclude, delivery, verdict, retry_at)

    def _finished(self, task: asyncio.Task[None]) -> None:
        del self._under_way[task]
        doorbell.ring()  # there is room for another one


async def send_due() -> None:
    """Send what is due until cancelled."""
    async with Post(rules_from_settings()) as post:
        sender = Sender(post, settings.WEBHOOK_CONCURRENCY)
        try:
            while True:
                await sender.start_due()
                await doorbell.wait(POLL_INTERVAL)
        finally:
            await sender.close()


async def keep_up() -> None:
    """Keep in mind who listens, until cancelled."""
    try:
        while True:
            foreground_listeners.update(await database.run(webhook_deliveries.listening_owners))
            await asyncio.sleep(POLL_INTERVAL)
    finally:
        foreground_listeners.update(None)


def _session(allows: Allows, tls: ssl.SSLContext) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(
        connector=guarded_connector(allows, tls),
        cookie_jar=aiohttp.DummyCookieJar(),
        headers={"User-Agent": "zerogravity-gateway/1", "Content-Type": "application/json"},
        timeout=aiohttp.ClientTimeout(total=None),
        trust_env=False,
    )


def _verdict(status: int) -> Verdict:
    if 200 <= status < 300:
        return Verdict(status)
    said = f"The receiver answered with status {status}."
    if status == _GONE:
        return Verdict(status, f"{said} The endpoint was disabled.", final=True, disables=True)
    return Verdict(status, said)


def _reason(error: Exception) -> str:
    """For log and admin, without the URL, which other errors of aiohttp hold and which may be a secret."""
    match error:
        case aiohttp.ClientConnectorError():
            return f"No connection: {error.os_error}"
        case _:
            return f"No answer: {type(error).__name__}"


process_tasks.register("webhook sender", send_due)
process_tasks.register("webhook upkeep", keep_up)
