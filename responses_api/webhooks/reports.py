"""Webhooks: which ends of responses are reported to whom, and how a report proves where it comes from.

A report is a row from the transaction that ends its response: it exists if and only if the
response has ended. ``webhook_sender`` delivers it, ``webhook_deliveries`` holds the rows.

Sources: https://www.standardwebhooks.com (headers, signature, secret) and
https://developers.openai.com/api/docs/guides/webhooks (events, payload).
"""

import base64
import hashlib
import hmac
import secrets
import time
from collections.abc import Callable
from typing import Final, Literal

import msgspec
from django.conf import settings
from django.db import transaction
from django.db.backends.utils import CursorWrapper
from yarl import URL

from responses_api.remote_files.remote_urls import DownloadRules, UrlRefused, checked_url, is_trusted
from responses_api.runtime.doorbell import Doorbell
from responses_api.runtime.identifiers import new_id

EVENTS: Final = ("response.completed", "response.failed", "response.cancelled", "response.incomplete")
TIMEOUT: Final = 10.0
"""Seconds for one attempt, from the look-up of the name to the status of the answer."""
_SECRET_PREFIX = "whsec_"
_SECRET_BYTES = 32

doorbell = Doorbell()
"""Rung when reports were made in this process."""


class Subject(msgspec.Struct, frozen=True):
    """What an event is about."""

    id: str


class WebhookEvent(msgspec.Struct, frozen=True):
    """The body of a report; its members are sent in this order."""

    id: str
    object: Literal["event"]
    created_at: int
    """Unix seconds."""
    type: str
    data: Subject


def new_secret() -> str:
    """A signing secret as the receiver's library wants it: ``whsec_`` and base64."""
    return _SECRET_PREFIX + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()


def signed_headers(secret: str, webhook_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """The three headers by which a receiver recognises ``body`` as ours.

    Args:
        secret: as ``new_secret`` makes it.
        webhook_id: the same in every attempt.
        timestamp: Unix seconds of this attempt; receivers refuse old ones.
        body: exactly as it is sent.
    """
    key = base64.b64decode(secret.removeprefix(_SECRET_PREFIX))
    signed = f"{webhook_id}.{timestamp}.".encode() + body
    signature = base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
    return {
        "webhook-id": webhook_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": f"v1,{signature}",
    }


def rules_from_settings() -> DownloadRules:
    """What the operator allows as an endpoint."""
    return DownloadRules(
        plain_http=True,
        ports=frozenset({443}),
        trusted_hosts=frozenset(settings.WEBHOOK_ALLOWED_HOSTS),
        ca_bundle=settings.WEBHOOK_CA_BUNDLE,
        timeout=TIMEOUT,
    )


def checked_endpoint(text: str, rules: DownloadRules) -> URL:
    """The URL of an endpoint: https on port 443, or anything at a host that the operator allows.

    Raises:
        UrlRefused: nothing is sent there.
    """
    url = checked_url(text, rules)
    if url.scheme != "https" and not is_trusted(url, rules):
        raise UrlRefused("only https is")
    return url


class ForegroundListeners:
    """Whose responses are reported although they are not made in the background, as far as known.

    Spares the ends of everybody else's responses a statement. The sender refreshes it; in a
    process where it does not run, nobody is known not to listen.
    """

    def __init__(self) -> None:
        self._owners: frozenset[int] | None = None

    def update(self, owners: frozenset[int] | None) -> None:
        """Exactly these owners listen; None: it is not known any more."""
        self._owners = owners

    def may_include(self, owner_id: int) -> bool:
        """Whether a report could be wanted."""
        return self._owners is None or owner_id in self._owners


foreground_listeners = ForegroundListeners()

_ENQUEUE = """
INSERT INTO responses_api_webhookdelivery (id, endpoint_id, event, payload, created_at, next_attempt_at)
SELECT 'wh_' || replace(gen_random_uuid()::text, '-', ''), id, %(event)s, %(payload)s::jsonb, now(), now()
FROM responses_api_webhookendpoint
WHERE owner_id = %(owner)s AND enabled AND (api_key_id IS NULL OR api_key_id = %(api_key)s)
    AND (all_responses OR %(background)s) AND events @> to_jsonb(%(event)s::text)
"""


def enqueue_on_close(
    owner_id: int, api_key_id: int | None, response_id: str, status: str, *, background: bool
) -> Callable[[CursorWrapper], None] | None:
    """A statement for the transaction that ends a stored response: makes the reports of its end.

    Args:
        owner_id: whose response it is.
        api_key_id: the API key that it was made with; None if that is gone.
        response_id: the response.
        status: the one it ends with.
        background: whether it was made in the background.

    Returns:
        None if there is nothing to report, else a function of that transaction's cursor. It
        costs one statement; where nobody listens, that finds no row.
    """
    event_type = f"response.{status}"
    if event_type not in EVENTS or not (background or foreground_listeners.may_include(owner_id)):
        return None
    event = WebhookEvent(new_id("evt"), "event", int(time.time()), event_type, Subject(response_id))
    params = {
        "owner": owner_id,
        "api_key": api_key_id,
        "background": background,
        "event": event_type,
        "payload": msgspec.json.encode(event).decode(),
    }

    def enqueue(cursor: CursorWrapper) -> None:
        cursor.execute(_ENQUEUE, params)
        if cursor.rowcount:
            transaction.on_commit(doorbell.ring)

    return enqueue
