"""What a language server needs to know to start."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

DEFAULT_MODELS: Mapping[str, str] = {"MODEL_PLACEHOLDER_M1": "gemini-3.8-flash"}

_UPSTREAM_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")


class UnknownModel(ValueError):
    """The name is neither in the model map nor a plain upstream model name."""


@dataclass(frozen=True, slots=True)
class LanguageServerConfig:
    """Settings of one language server; checked when made.

    Raises:
        ValueError: the CSRF token is empty.
    """

    upstream_url: str
    """Origin of the model's endpoint, e.g. ``https://generativelanguage.googleapis.com``."""
    csrf_token: str = field(repr=False)
    """Secret that every caller sends as ``x-codeium-csrf-token``."""
    host: str = "127.0.0.1"
    port: int = 0
    """0 takes a free one."""
    api_version: str = "v1beta"
    proxy_url: str | None = field(default=None, repr=False)
    """The interceptor, e.g. ``http://127.0.0.1:8090``; None calls the upstream directly."""
    ca_file: Path | None = None
    """PEM bundle. Behind a proxy it is all that is trusted, since there every certificate is the
    interceptor's; without one it is trusted beside the system's."""
    models: Mapping[str, str] = field(default_factory=lambda: DEFAULT_MODELS)
    """Model enum as clients send it -> upstream model name."""
    credential_headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Sent upstream to say whose calls they are; none behind the interceptor, which puts its own."""
    reactive_updates: bool = True
    """Whether StreamCascadeReactiveUpdates is offered; some releases of language servers refuse it."""
    user_agent: str = "zerogravity-language-server/1"

    def __post_init__(self) -> None:
        if not self.csrf_token:
            raise ValueError("the language server needs a CSRF token: an empty one would admit every caller")

    def upstream_model(self, requested: str) -> str:
        """The upstream's name of a requested model.

        Args:
            requested: A key of ``models``, or a plain upstream name such as ``gemini-3.8-flash``.

        Raises:
            UnknownModel: neither of the two.
        """
        if (mapped := self.models.get(requested)) is not None:
            return mapped
        if requested.startswith("MODEL_") or not _UPSTREAM_NAME.fullmatch(requested):
            raise UnknownModel(f"unknown model: {requested[:128]}")
        return requested
