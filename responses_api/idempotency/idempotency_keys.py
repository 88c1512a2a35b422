"""The rows of the idempotency keys: taken, kept with an answer or without one, freed.

Plain synchronous functions, each one transaction, for ``responses_api.runtime.database``. A key is
taken by inserting its row, so that of many requests at once exactly one gets it. While its
request is being answered the row has a lease: a key whose lease has run out was a dead
gateway's, and can be taken anew. ``taken_at`` tells one holder of a key from the next.
"""

import hashlib
import hmac
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import Any

from django.conf import settings
from django.db import connection

LEASE = timedelta(seconds=30)
_ATTEMPTS = 3


@dataclass(frozen=True, slots=True)
class Held:
    """A taken key: its holder alone answers the request."""

    owner_id: int
    key: str
    taken_at: datetime


@dataclass(frozen=True, slots=True)
class Replay:
    """A kept answer."""

    status: int
    content_type: str
    compressed: bytes

    @property
    def body(self) -> bytes:
        """The answer's body, byte for byte."""
        return zlib.decompress(self.compressed)


class Refusal(Enum):
    """Why a key can neither be taken nor answered from."""

    OTHER_BODY = auto()
    IN_FLIGHT = auto()
    NOT_KEPT = auto()


_TAKE = """
INSERT INTO responses_api_idempotentrequest AS present (owner_id, key, body_hash, created_at, lease_until)
VALUES (%(owner)s, %(key)s, %(hash)s, statement_timestamp(), statement_timestamp() + %(lease)s)
ON CONFLICT (owner_id, key) DO UPDATE SET
    body_hash = excluded.body_hash, created_at = excluded.created_at, lease_until = excluded.lease_until,
    response_id = '', http_status = NULL, content_type = '', answer = NULL
WHERE present.lease_until < statement_timestamp()
    OR (present.lease_until IS NULL AND present.created_at < statement_timestamp() - %(lifetime)s)
RETURNING created_at
"""
_LOOK = """
SELECT body_hash, lease_until IS NOT NULL, http_status, content_type,
    CASE WHEN EXISTS (
        SELECT FROM responses_api_response AS response
        WHERE response.id = request.response_id AND response.owner_id = request.owner_id
    ) THEN answer END
FROM responses_api_idempotentrequest AS request WHERE owner_id = %(owner)s AND key = %(key)s
"""


def take(owner_id: int, key: str, body: bytes) -> Held | Replay | Refusal:
    """Take ``key`` for a request with ``body``, or say what became of the request that has it.

    A kept answer counts only as long as its response is stored.
    """
    body_hash = _hash(body)
    params: dict[str, Any] = {
        "owner": owner_id,
        "key": key,
        "hash": body_hash,
        "lease": LEASE,
        "lifetime": _lifetime(),
    }
    with connection.cursor() as cursor:
        for _ in range(_ATTEMPTS):
            cursor.execute(_TAKE, params)
            if (taken := cursor.fetchone()) is not None:
                return Held(owner_id, key, taken[0])
            cursor.execute(_LOOK, params)
            if (row := cursor.fetchone()) is not None:
                return _became(body_hash, *row)
            # It was freed between the two statements.
    return Refusal.IN_FLIGHT


def _became(
    body_hash: str, first_hash: str, in_flight: bool, status: int, content_type: str, answer: bytes | None
) -> Replay | Refusal:
    if first_hash != body_hash:
        return Refusal.OTHER_BODY
    if in_flight:
        return Refusal.IN_FLIGHT
    if answer is None:
        return Refusal.NOT_KEPT
    return Replay(status, content_type, bytes(answer))


_KEEP = """
UPDATE responses_api_idempotentrequest
SET lease_until = NULL, response_id = %(response)s, http_status = %(status)s, content_type = %(type)s,
    answer = %(answer)s
WHERE owner_id = %(owner)s AND key = %(key)s AND created_at = %(taken_at)s
"""


def keep(held: Held, response_id: str, answer: Replay | None) -> None:
    """The request has been answered: its key is used up, and stands for ``answer`` if there is one."""
    params: dict[str, Any] = {
        "owner": held.owner_id,
        "key": held.key,
        "taken_at": held.taken_at,
        "response": response_id,
        "status": answer.status if answer is not None else None,
        "type": answer.content_type if answer is not None else "",
        "answer": answer.compressed if answer is not None else None,
    }
    with connection.cursor() as cursor:
        cursor.execute(_KEEP, params)


_FREE = """
DELETE FROM responses_api_idempotentrequest
WHERE owner_id = %s AND key = %s AND created_at = %s AND lease_until IS NOT NULL
"""


def free(held: Held) -> None:
    """The request was not answered: its key can be taken again."""
    with connection.cursor() as cursor:
        cursor.execute(_FREE, [held.owner_id, held.key, held.taken_at])


_RENEW = """
UPDATE responses_api_idempotentrequest AS request SET lease_until = statement_timestamp() + %(lease)s
FROM unnest(%(owners)s::bigint[], %(keys)s::text[], %(taken)s::timestamptz[])
    AS held (owner_id, key, taken_at)
WHERE request.owner_id = held.owner_id AND request.key = held.key AND request.created_at = held.taken_at
    AND request.lease_until IS NOT NULL
"""


def renew(held: Sequence[Held]) -> None:
    """The requests under these keys are still being answered."""
    params: dict[str, Any] = {
        "lease": LEASE,
        "owners": [each.owner_id for each in held],
        "keys": [each.key for each in held],
        "taken": [each.taken_at for each in held],
    }
    with connection.cursor() as cursor:
        cursor.execute(_RENEW, params)


_FORGET = """
UPDATE responses_api_idempotentrequest SET answer = NULL WHERE owner_id = %s AND response_id = %s
"""


def forget_answer(owner_id: int, response_id: str) -> None:
    """A response is deleted: what was kept of its answer goes with it. The key stays used up."""
    with connection.cursor() as cursor:
        cursor.execute(_FORGET, [owner_id, response_id])


def _lifetime() -> timedelta:
    return timedelta(hours=settings.IDEMPOTENCY_HOURS)


def _hash(body: bytes) -> str:
    """Keyed, so that nobody can try out on a row what a body may have said."""
    digest = hmac.new(settings.API_KEY_HASH_KEY.encode(), b"idempotency:", hashlib.sha256)
    digest.update(body)
    return digest.hexdigest()
