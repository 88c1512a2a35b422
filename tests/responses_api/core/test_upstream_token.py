import pytest

from responses_api.core.conversation_requests import parse_body
from responses_api.core.errors import InvalidRequest
from responses_api.core.upstream_token import SetAccessToken


def test_a_token_with_and_without_an_end() -> None:
    assert parse_body(SetAccessToken, {"access_token": "a", "expires_in": 60}).expires_in == 60
    assert parse_body(SetAccessToken, {"access_token": "a", "expires_in": None}).expires_in is None


@pytest.mark.parametrize("token", ["", "two words", "clé", "a\n", "x" * 10_001])
def test_what_does_not_go_into_a_header(token: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        parse_body(SetAccessToken, {"access_token": token})
    assert caught.value.param == "access_token"
    assert token not in caught.value.message or not token
