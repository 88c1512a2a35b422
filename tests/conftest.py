"""What all tests share: three people, their API keys, a Redis, hypothesis profiles."""

import gc
import os
from typing import TYPE_CHECKING, Any, Protocol

import pytest
from hypothesis import settings as hypothesis_settings

if TYPE_CHECKING:
    from django.contrib.auth.models import User

    from responses_api.models import ApiKey

hypothesis_settings.register_profile("fast", max_examples=50, deadline=None)
hypothesis_settings.register_profile("deep", max_examples=20_000, deadline=None)
hypothesis_settings.load_profile("fast")  # another one: pytest --hypothesis-profile deep


class MakeUser(Protocol):
    def __call__(self, username: str, **fields: Any) -> "User": ...


class MakeApiKey(Protocol):
    def __call__(self, owner: "User", **fields: Any) -> "tuple[ApiKey, str]": ...


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden",
        action="store_true",
        help="write what the code makes now over the golden files; review the difference",
    )
    parser.addoption(
        "--long-faults",
        action="store_true",
        help="the fault suite with more streams and more repetitions (make faults)",
    )


def pytest_collection_finish() -> None:
    """Thousands of tests are a large heap, which the collector shall not look through again and again."""
    gc.collect()
    gc.freeze()


@pytest.fixture
def update_golden(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("--update-golden"))


@pytest.fixture(scope="session")
def redis_url() -> str:
    """A Redis server, to be used under a prefix of the test's own; skips where there is none."""
    import redis

    url = os.environ.get("REDIS_URL") or "redis://127.0.0.1:6379"
    with redis.Redis.from_url(url, socket_connect_timeout=2) as client:
        try:
            client.ping()
        except redis.ConnectionError as error:
            pytest.skip(f"no Redis at {url} (REDIS_URL): {error}")
    return url


@pytest.fixture
def make_user(db: None) -> MakeUser:
    from django.contrib.auth.models import User

    def make(username: str, **fields: Any) -> User:
        return User.objects.create_user(username, **fields)

    return make


@pytest.fixture
def alice(make_user: MakeUser) -> "User":
    """The owner of what a test is about."""
    return make_user("alice")


@pytest.fixture
def bob(make_user: MakeUser) -> "User":
    """A colleague of hers: another user of the same installation."""
    return make_user("bob")


@pytest.fixture
def charlie(make_user: MakeUser) -> "User":
    """A stranger."""
    return make_user("charlie")


@pytest.fixture
def make_api_key(db: None) -> MakeApiKey:
    """Makes an API key; returns it with its text as a client sends it."""
    from responses_api.access.api_keys import create_api_key

    def make(owner: "User", **fields: Any) -> "tuple[ApiKey, str]":
        return create_api_key(name=fields.pop("name", "test"), owner=owner, **fields)

    return make
