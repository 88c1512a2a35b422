"""One form for everything: JSON in and JSON out, whatever ``Accept`` and ``Content-Type`` say.

As OpenAI's API does. Clients send ``Accept: text/event-stream`` or nothing, and mean JSON.
"""

from collections.abc import Iterable
from typing import Any

from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request


class OneForm(BaseContentNegotiation):
    """Takes a view's first parser and its first renderer."""

    def select_parser(self, request: Request, parsers: Iterable[BaseParser]) -> BaseParser:
        """The parser of a body."""
        return next(iter(parsers))

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: Any = None
    ) -> tuple[BaseRenderer, str]:
        """The renderer of an answer, with its media type."""
        renderer = next(iter(renderers))
        return renderer, renderer.media_type
