"""Request bodies as tests write them: parsed, or refused."""

from typing import Any

import pytest

from responses_api.core.create_request import CreateRequest, parse_create_request
from responses_api.core.errors import InvalidRequest


def refused(**body: Any) -> InvalidRequest:
    """Why a body with these parameters is refused."""
    with pytest.raises(InvalidRequest) as caught:
        parse_create_request({"input": "hello"} | body)
    return caught.value


def parsed(**body: Any) -> CreateRequest:
    """A body with these parameters, parsed."""
    return parse_create_request({"input": "hello"} | body)
