"""Request bodies of the REST endpoints: JSON, whatever the client calls it, and of a bounded size."""

from collections.abc import Mapping
from typing import IO, Any

import msgspec
from django.conf import settings
from rest_framework.parsers import BaseParser

from responses_api.core.errors import InvalidRequest, PayloadTooLarge


class JsonParser(BaseParser):
    """Reads JSON as the Responses endpoint does: of any content type, up to ``MAX_REQUEST_BYTES``."""

    media_type = "*/*"

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        """The decoded document. Raises ``InvalidRequest`` or ``PayloadTooLarge``."""
        limit = settings.MAX_REQUEST_BYTES
        body = stream.read(limit + 1)
        if len(body) > limit:
            raise PayloadTooLarge(
                f"The request body is larger than the {limit:,} bytes that this gateway accepts."
            )
        try:
            return msgspec.json.decode(body)
        except (msgspec.DecodeError, RecursionError):
            raise InvalidRequest(
                "We could not parse the JSON body of your request. The API expects a JSON payload."
            ) from None
