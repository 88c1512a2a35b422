"""What the translation has to know about one model.

Pure. The protocol's rules differ between generations; what also differs between the models
of one generation is a field of its own, so that an operator can correct it.
"""

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import Enum

from responses_api.gemini.thinking import ThinkingControl

MEDIA = ("image", "pdf", "audio", "video")
"""Kinds of input beside text."""


class Generation(Enum):
    """A generation of models; the protocol's rules differ between them, not between models."""

    G2 = "2.x"
    G3 = "3.x"
    G4 = "4"
    GEMMA = "gemma"


@dataclass(frozen=True, slots=True)
class Prices:
    """What the upstream charges, in US dollars per million tokens."""

    input: Decimal
    cached_input: Decimal
    """For input tokens that came from the cache."""
    output: Decimal
    """Thoughts included."""

    def cost(self, input_tokens: int, cached_tokens: int, output_tokens: int) -> Decimal:
        """US dollars for so many tokens; those that came from the cache are among those of input."""
        fresh = input_tokens - cached_tokens
        millions = fresh * self.input + cached_tokens * self.cached_input + output_tokens * self.output
        return millions / 1_000_000


@dataclass(frozen=True, slots=True)
class ModelProfile:
    """One model, by the name that clients know it under.

    A capability that is not given is absent: what is not sent cannot be refused.
    """

    name: str
    """Public id, as clients write it."""
    generation: Generation
    thinking: ThinkingControl
    created: date
    upstream_name: str = ""
    """Id towards the upstream, without ``models/``. The public id unless given."""
    aliases: tuple[str, ...] = ()
    context_limit: int = 1_048_576
    """Tokens of input (Gemini 4: of input and output together)."""
    output_limit: int = 65_536
    """Tokens of output, thoughts included (Gemini 4: of one upstream call)."""
    json_with_functions: bool = False
    """Whether JSON output and function declarations may stand in one request."""
    hosted_with_functions: bool = False
    """Whether hosted tools (search, code execution) and functions may stand in one request."""
    logprobs: bool = False
    """Whether it is known to give log probabilities. False: it may refuse the request for them."""
    media: frozenset[str] = frozenset()
    """The kinds of input it reads, out of ``MEDIA``."""
    image_output: bool = False
    """Whether it makes images."""
    continuation: bool = False
    """Whether an answer may go on in a further upstream call (finish reason CONTINUATION)."""
    prices: Prices | None = None
    """None = not known."""
    language_server_model: str = ""
    """The language server's enum for its calls, such as ``MODEL_PLACEHOLDER_M12``; empty = the
    installation's default."""
    enabled: bool = True
    """Whether it is served."""

    def __post_init__(self) -> None:
        if not self.upstream_name:
            object.__setattr__(self, "upstream_name", self.name)

    @property
    def is_modern(self) -> bool:
        """Gemini 3 and later: call ids, checked signatures, VALIDATED mode, media in results."""
        return self.generation in (Generation.G3, Generation.G4)

    @property
    def has_system_slot(self) -> bool:
        """Whether ``systemInstruction`` is taken; Gemma reads it from the first user turn."""
        return self.generation is not Generation.GEMMA

    def signs_like(self, other: str | None) -> bool:
        """Whether a thought signature made by the model ``other`` is good for this one."""
        return other is not None and model_line(other) == model_line(self.upstream_name)


_LINE = re.compile(r"(gemini|gemma)-(\d+)(?:\.\d+)?-([a-z]+(?:-lite)?)")


def model_line(name: str) -> tuple[str, ...]:
    """Family, generation and size of a model; thought signatures travel only inside one line.

    ``models/gemini-3.8-flash-002`` is of the line ``("gemini", "3", "flash")``. A name of
    another form is a line of its own.
    """
    bare = name.rpartition("/")[2]
    match = _LINE.match(bare)
    return match.groups() if match else (bare,)
