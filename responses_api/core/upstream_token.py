"""The body of ``POST /v1/token``: an access token for the upstream, from whoever renews it."""

from typing import Annotated

from pydantic import BaseModel, Field

from responses_api.core.text_format import OPTIONS

MAX_TOKEN_CHARACTERS = 10_000
MAX_LIFETIME = 366 * 24 * 3600
"""Seconds."""


class SetAccessToken(BaseModel):
    """The token, and how many seconds it lasts; without end if that is left out."""

    model_config = OPTIONS
    # Printable ASCII in one piece, as it goes into an HTTP header.
    access_token: Annotated[str, Field(min_length=1, max_length=MAX_TOKEN_CHARACTERS, pattern="^[!-~]+$")]
    expires_in: Annotated[int, Field(ge=1, le=MAX_LIFETIME)] | None = None
