import pytest

from interceptor.simulator.continuation import continuation_token, current_hop
from interceptor.simulator.errors import ApiError
from interceptor.simulator.models import MODELS

from .bodies import G4, ask

MODEL = MODELS[G4]
BODY = ask("x", generationConfig={"temperature": 1})


def hop(token: str, body: object = None, name: str = G4) -> int | str:
    found = current_hop(
        MODELS[name], {**(body if isinstance(body, dict) else BODY), "continuationToken": token}
    )
    return found.message if isinstance(found, ApiError) else found


def test_without_a_token_it_is_the_first_hop() -> None:
    assert current_hop(MODEL, BODY) == 0


def test_the_same_request_with_the_token() -> None:
    token = continuation_token(MODEL, BODY, 3)
    assert hop(token) == 3
    assert hop(continuation_token(MODEL, {**BODY, "continuationToken": token}, 4)) == 4


@pytest.mark.parametrize(
    ("body", "name"),
    [
        (ask("y", generationConfig={"temperature": 1}), G4),
        (ask("x", generationConfig={"temperature": 0.5}), G4),
        ({**BODY, "contents": [*BODY["contents"], {"role": "model", "parts": [{"text": "so far"}]}]}, G4),
        (BODY, "gemini-4-argon"),
    ],
)
def test_another_request_is_refused(body: dict[str, object], name: str) -> None:
    assert "does not belong to this request" in str(hop(continuation_token(MODEL, BODY, 1), body, name))


@pytest.mark.parametrize("token", ["", "QQ==", "a", "/////w=="])
def test_what_it_never_issued_is_refused(token: str) -> None:
    assert hop(token) == "Invalid continuation token."
