"""Everything that is encrypted in the database, encrypted anew with the newest of ``CREDENTIAL_KEYS``."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.db import models, transaction

from responses_api.access.encryption import SecretUnreadable, encrypted_anew
from responses_api.models import Credential, WebhookEndpoint

BATCH = 200
ENCRYPTED: tuple[tuple[type[models.Model], str], ...] = (
    (Credential, "secret"),
    (WebhookEndpoint, "secret"),
)
"""Each model with its field that ``encryption.encrypt`` fills."""


@dataclass(frozen=True, slots=True)
class Rotated:
    """What one batch came to."""

    name: str
    """What its rows are called."""
    anew: int = 0
    current: int = 0
    """Encrypted with the newest key already."""
    unreadable: tuple[int, ...] = ()
    """Primary keys of rows that none of the keys decrypts."""


def rotate() -> Iterator[Rotated]:
    """Encrypt everything anew, in batches that are committed one by one.

    Broken off, it is simply begun again: what is done is passed over. Gateways may run
    meanwhile, provided that they know the newest key.
    """
    for model, field in ENCRYPTED:
        last = 0
        while True:
            with transaction.atomic():
                rows = list(
                    model._default_manager.select_for_update()
                    .filter(pk__gt=last)
                    .order_by("pk")
                    .values_list("pk", field)[:BATCH]
                )
                if not rows:
                    break
                last = rows[-1][0]
                batch = _rotate_batch(model, field, rows)
            yield batch


def _rotate_batch(model: type[models.Model], field: str, rows: list[tuple[int, bytes]]) -> Rotated:
    anew = 0
    unreadable = []
    for pk, encrypted in rows:
        try:
            changed = encrypted_anew(bytes(encrypted))
        except SecretUnreadable:
            unreadable.append(pk)
            continue
        if changed is not None:
            model._default_manager.filter(pk=pk).update(**{field: changed})
            anew += 1
    current = len(rows) - anew - len(unreadable)
    return Rotated(str(model._meta.verbose_name_plural), anew, current, tuple(unreadable))
