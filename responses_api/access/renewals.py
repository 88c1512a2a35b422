"""The renewal of an access token, as the database sees it: claimed by one process, then concluded.

Nothing is locked while the authorization server is asked: the claim is a lease in the row. It
outlasts the longest request by far, so that the clocks of several machines may differ.
"""

import logging
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from typing import Any, assert_never, cast

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from responses_api.access.encryption import SecretUnreadable
from responses_api.access.stored_secrets import RenewableSecret, seal, unseal
from responses_api.access.token_endpoints import NewToken, Refused, TokenAnswer, Unanswered
from responses_api.models import Credential

logger = logging.getLogger("zg.credentials")

LEASE_MARGIN = timedelta(seconds=20)
"""How long a claim outlasts the time that the authorization server is given."""
_FIRST_PAUSE = timedelta(seconds=5)
_LONGEST_PAUSE = timedelta(minutes=1)
_FIRST_REFUSED_PAUSE = timedelta(minutes=1)
_LONGEST_REFUSED_PAUSE = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Renewal:
    """A claimed renewal: what to ask the authorization server with."""

    credential_id: int
    number: int
    """Number of the token that is to be replaced."""
    rejected: bool
    """Whether that token is not wanted any more although it has not run out."""
    secret: RenewableSecret


class Standing(Enum):
    """Why there is nothing to claim."""

    BUSY = "another process is at it"
    SETTLED = "the token is new enough, or not to be had now"


def claim(credential_id: int, number: int) -> Renewal | Standing:
    """Begin to renew the access token of a credential, unless its number is at least ``number``.

    Whoever gets a ``Renewal`` has to ``conclude`` it.
    """
    with transaction.atomic():
        credential = Credential.objects.select_for_update().filter(pk=credential_id, renewable=True).first()
        now = timezone.now()
        if credential is None or credential.token_number >= number:
            return Standing.SETTLED
        if credential.renewing_until is not None and credential.renewing_until > now:
            return Standing.BUSY
        if credential.retry_at is not None and credential.retry_at > now:
            return Standing.SETTLED
        try:
            secret = cast("RenewableSecret", unseal(credential))
        except SecretUnreadable:
            return Standing.SETTLED
        lease = timedelta(seconds=settings.OAUTH_TIMEOUT) + LEASE_MARGIN
        Credential.objects.filter(pk=credential_id).update(renewing_until=now + lease)
    lasts = credential.expires_at is None or credential.expires_at > now + _renew_before()
    return Renewal(credential_id, credential.token_number, lasts, secret)


def conclude(renewal: Renewal, answer: TokenAnswer) -> None:
    """Store what came of a renewal, unless the credential was given another secret meanwhile."""
    with transaction.atomic():
        row = Credential.objects.select_for_update().filter(
            pk=renewal.credential_id, token_number=renewal.number
        )
        credential = row.first()
        if credential is None:
            return
        row.update(renewing_until=None, **_changes(credential, renewal, answer))


def _changes(credential: Credential, renewal: Renewal, answer: TokenAnswer) -> dict[str, Any]:
    now = timezone.now()
    failures = credential.renewal_failures
    match answer:
        case NewToken():
            return {
                "secret": seal(answer.secret),
                "expires_at": answer.expires_at,
                "token_number": F("token_number") + 1,
                "renewed_at": now,
                "renewal_error": "",
                "renewal_failures": 0,
                "refused_at": None,
                "retry_at": None,
            }
        case Refused():
            logger.error("credential %s is refused: %s", credential.pk, answer.reason)
            changes = {
                "renewal_error": answer.reason,
                "renewal_failures": failures + 1,
                "refused_at": credential.refused_at or now,
                "retry_at": now + _pause(failures, _FIRST_REFUSED_PAUSE, _LONGEST_REFUSED_PAUSE),
            }
            # The upstream does not take the old token either.
            return {**changes, "expires_at": now} if renewal.rejected else changes
        case Unanswered():
            logger.warning("credential %s could not be renewed: %s", credential.pk, answer.reason)
            return {
                "renewal_error": answer.reason,
                "renewal_failures": failures + 1,
                "retry_at": now + _pause(failures, _FIRST_PAUSE, _LONGEST_PAUSE),
            }
        case _:
            assert_never(answer)


def _pause(failures: int, first: timedelta, longest: timedelta) -> timedelta:
    """Twice as long with each failure in a row."""
    doubled: int = 2 ** min(failures, 16)
    return min(first * doubled, longest)


def _renew_before() -> timedelta:
    return timedelta(seconds=settings.CREDENTIAL_RENEW_BEFORE)
