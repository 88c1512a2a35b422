"""How a credential stands, in words for people and programs."""

from enum import StrEnum

from django.utils import timezone

from responses_api.models import Credential


class CredentialState(StrEnum):
    """What becomes of a request that uses it now."""

    VALID = "valid"
    RENEWED_WHEN_USED = "renewed when used"
    FAILING = "failing"
    REFUSED = "refused"
    EXPIRED = "expired"

    @property
    def is_good(self) -> bool:
        """Whether nobody has to do anything about it."""
        return self in (CredentialState.VALID, CredentialState.RENEWED_WHEN_USED)


def state_of(credential: Credential) -> CredentialState:
    """The state of ``credential`` now; why it is so is in its ``renewal_error``."""
    if credential.refused_at is not None:
        return CredentialState.REFUSED
    if credential.expires_at is None or credential.expires_at > timezone.now():
        return CredentialState.VALID
    if not credential.renewable:
        return CredentialState.EXPIRED
    return CredentialState.FAILING if credential.renewal_failures else CredentialState.RENEWED_WHEN_USED
