"""What every step of one translation into Gemini contents reads, and where it notes losses. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from responses_api.core.conversation import ConversationItem
from responses_api.core.remote_files import FetchedFile
from responses_api.gemini.adaptations import Adaptations
from responses_api.gemini.models import ModelProfile

SIGNATURE_STAND_IN = "skip_thought_signature_validator"
"""Documented by the upstream for calls that its model did not make, or that another model line made."""


@dataclass(frozen=True, slots=True)
class Translation:
    """The circumstances of one translation."""

    model: ModelProfile
    """The model that will read the contents."""
    notes: Adaptations
    """Where approximations are recorded."""
    files: Mapping[str, FetchedFile] = field(default_factory=dict)
    """Fetched images and files by the web address that the client wrote."""
    signatures: bool = True
    """Whether thought signatures go back."""
    hosted_beside_functions: bool = False
    """Whether the request offers hosted tools together with functions; only then the upstream
    reads the steps of earlier hosted tools."""
    stand_ins: bool = True
    """Whether a signature that is missing where one is checked is replaced by the stand-in."""

    def signature_of(self, item: ConversationItem) -> str | None:
        """The item's thought signature, where it may go back and a model of the same line gave it."""
        return item.upstream.signature if item.upstream is not None and self.trusts(item) else None

    def trusts(self, item: ConversationItem) -> bool:
        """Whether signatures that came with ``item`` are good for this request."""
        return self.signatures and self.signed_alike(item)

    def signed_alike(self, item: ConversationItem) -> bool:
        """Whether a model of the same line made ``item``."""
        return item.upstream is not None and self.model.signs_like(item.upstream.model)
