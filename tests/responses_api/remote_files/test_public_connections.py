"""The guard against requests into the gateway's own network, with real sockets behind it."""

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from pytest_django.fixtures import Settings

from interceptor.simulator.tls import TlsFiles, ensure_tls_files
from responses_api.core.errors import InvalidRequest
from responses_api.core.remote_files import RemoteFile
from responses_api.remote_files import remote_downloads
from responses_api.remote_files.fetching import fetch_all
from tests.responses_api.file_servers import PNG, door_bell, file_server

type Answer = Callable[[], list[str]]


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> TlsFiles:
    return ensure_tls_files(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> dict[str, Answer]:
    """DNS: host names and what they resolve to each time; everything else is not there."""
    answers: dict[str, Answer] = {}

    def getaddrinfo(host, port, family=0, type=0, proto=0, flags=0):
        if host not in answers:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return [
            (
                socket.AF_INET6 if ":" in address else socket.AF_INET,
                socket.SOCK_STREAM,
                6,
                "",
                (address, port),
            )
            for address in answers[host]()
        ]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return answers


async def failure(url: str) -> str:
    with pytest.raises(InvalidRequest) as failed:
        await fetch_all([RemoteFile(url, "image")])
    assert failed.value.code == "failed_to_download_image"
    return failed.value.message


LOOPBACK = [
    "127.0.0.1", "127.1", "127.0.1", "0x7f.1", "0x7f000001", "0X7F.0.0.1", "2130706433", "017700000001", "0177.0.0.1",
    "127.0.0.1.", "0.0.0.0", "0", "①②⑦.⓪.⓪.①", "127。0。0。1", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]",
    "[0:0:0:0:0:ffff:127.0.0.1]", "[::127.0.0.1]", "[64:ff9b::127.0.0.1]", "[2002:7f00:1::]", "localhost", "LOCALHOST",
    "localhost.",
]  # fmt: skip


@pytest.mark.parametrize("host", LOOPBACK)
async def test_loopback_in_no_spelling_is_connected_to(host: str, settings: Settings) -> None:
    async with door_bell("127.0.0.1") as bell:
        settings.REMOTE_FILES_PORTS = [bell.port]
        assert (await failure(f"https://{host}:{bell.port}/")).endswith("could not be downloaded.")
        assert bell.rings == 0


async def test_the_bell_rings_for_whom_the_operator_allows(settings: Settings) -> None:
    async with door_bell("127.0.0.1") as bell:
        settings.REMOTE_FILES_ALLOWED_HOSTS = [f"127.0.0.1:{bell.port}"]
        await failure(f"https://127.0.0.1:{bell.port}/")
        assert bell.rings == 1


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "fe80::1%lo"],
)
async def test_a_name_that_leads_inside_reads_like_one_that_is_not_there(
    address: str, names: dict[str, Answer], settings: Settings
) -> None:
    async with door_bell("127.0.0.1") as bell:
        settings.REMOTE_FILES_PORTS = [bell.port]
        names["inner.example"] = lambda: [address]
        inner = await failure(f"https://inner.example:{bell.port}/")
        nowhere = await failure(f"https://nowhere.example:{bell.port}/")
        assert inner.replace("inner", "nowhere") == nowhere
        assert bell.rings == 0


async def test_one_private_address_among_public_ones_is_enough(
    names: dict[str, Answer], settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with door_bell("127.0.0.1") as bell:
        settings.REMOTE_FILES_PORTS = [bell.port]
        monkeypatch.setattr(remote_downloads, "is_public", {"127.0.0.1"}.__contains__)
        names["mixed.example"] = lambda: ["127.0.0.1", "10.0.0.1"]
        await failure(f"https://mixed.example:{bell.port}/")
        assert bell.rings == 0


@contextmanager
def _answers_in_turn(names: dict[str, Answer], *answers: str) -> Iterator[list[str]]:
    left = list(answers)
    names["localhost"] = lambda: [left.pop(0)]
    yield left


async def test_a_name_that_changes_its_mind_is_looked_up_once(
    names: dict[str, Answer], settings: Settings, tls: TlsFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DNS rebinding. 127.0.0.1 plays the internet, 127.0.0.2 what is inside."""
    async with file_server(tls) as outside, file_server(tls, "127.0.0.2", outside.port) as inside:
        settings.REMOTE_FILES_CA_BUNDLE = tls.ca
        settings.REMOTE_FILES_PORTS = [outside.port]
        monkeypatch.setattr(remote_downloads, "is_public", {"127.0.0.1"}.__contains__)
        inside.serve("/a.png", PNG + b"secret")
        url = outside.serve("/a.png")
        with _answers_in_turn(names, "127.0.0.1", "127.0.0.2") as left:
            assert (await fetch_all([RemoteFile(url, "image")]))[url].data == PNG
            assert left == ["127.0.0.2"]
            await failure(url)
        assert inside.requests == []


async def test_each_redirect_is_looked_up_and_checked_anew(
    names: dict[str, Answer], settings: Settings, tls: TlsFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with file_server(tls) as outside, file_server(tls, "127.0.0.2", outside.port) as inside:
        settings.REMOTE_FILES_CA_BUNDLE = tls.ca
        settings.REMOTE_FILES_PORTS = [outside.port]
        monkeypatch.setattr(remote_downloads, "is_public", {"127.0.0.1"}.__contains__)
        inside.serve("/b.png", PNG)
        to_itself = outside.serve("/a.png", b"", 302, Location="/b.png")
        with _answers_in_turn(names, "127.0.0.1", "127.0.0.2"):
            await failure(to_itself)
        to_the_address = outside.serve("/a.png", b"", 302, Location=inside.url("/b.png", "127.0.0.2"))
        with _answers_in_turn(names, "127.0.0.1"):
            await failure(to_the_address)
        assert (len(outside.requests), inside.requests) == (2, [])


async def test_an_allowed_host_opens_no_other_one(settings: Settings, tls: TlsFiles) -> None:
    async with file_server(tls) as allowed, file_server(tls) as other:
        settings.REMOTE_FILES_CA_BUNDLE = tls.ca
        settings.REMOTE_FILES_ALLOWED_HOSTS = [f"localhost:{allowed.port}"]
        settings.REMOTE_FILES_PORTS = [443, allowed.port, other.port]
        for location in (other.serve("/b.png"), allowed.url("/b.png", "127.0.0.1")):
            await failure(allowed.serve("/a.png", b"", 302, Location=location))
        assert other.requests == []


@pytest.mark.parametrize(
    "host", ["a..example", "-", "a" * 64 + ".example", "xn--a", 'a"b', "a%00b", "%31", "_"]
)
async def test_a_host_that_cannot_be_one_is_not_there(host: str) -> None:
    assert (await failure(f"https://{host}/")).endswith("could not be downloaded.")
