"""Fetching over real TLS connections on loopback, which only ``REMOTE_FILES_ALLOWED_HOSTS`` makes reachable.

The guard that keeps everybody else out of there: ``test_public_connections.py``.
"""

import asyncio
from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from pytest_django.fixtures import Settings

from interceptor.simulator.tls import TlsFiles, ensure_tls_files
from responses_api.core.errors import InvalidRequest
from responses_api.core.remote_files import FetchedFile, RemoteFile, RemoteKind
from responses_api.remote_files import fetching, remote_downloads
from responses_api.remote_files.fetching import fetch_all
from responses_api.remote_files.remote_cache import RemoteCache
from tests.responses_api.file_servers import PNG, FileServer, door_bell, file_server

PDF = b"%PDF-1.7\n" + bytes(50)


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> TlsFiles:
    return ensure_tls_files(tmp_path_factory.mktemp("tls"))


@pytest.fixture
async def server(
    tls: TlsFiles, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[FileServer]:
    """A server that the operator trusts; nothing is remembered from an earlier test."""
    monkeypatch.setattr(fetching, "_cache", RemoteCache(1_000_000))
    async with file_server(tls) as server:
        settings.REMOTE_FILES_CA_BUNDLE = tls.ca
        settings.REMOTE_FILES_ALLOWED_HOSTS = [f"localhost:{server.port}"]
        yield server


async def refusal(*wanted: RemoteFile) -> InvalidRequest:
    with pytest.raises(InvalidRequest) as refused:
        await fetch_all(wanted)
    assert refused.value.http_status == 400
    return refused.value


async def image(url: str) -> FetchedFile:
    return (await fetch_all([RemoteFile(url, "image")]))[url]


# --- what is fetched ---


async def test_an_image_and_a_file(server: FileServer) -> None:
    a, b = server.serve("/a.png"), server.serve("/b", PDF, Content_Type="application/PDF; charset=binary")
    assert await fetch_all([RemoteFile(a, "image"), RemoteFile(b, "file")]) == {
        a: FetchedFile("image/png", PNG),
        b: FetchedFile("application/pdf", PDF),
    }


async def test_bytes_alone_decide_where_the_server_says_nothing(server: FileServer) -> None:
    url = server.serve("/a", Content_Type="application/octet-stream")
    assert (await image(url)).media_type == "image/png"


async def test_nothing_wanted_is_nothing_done(settings: Settings) -> None:
    settings.REMOTE_FILES = False
    assert await fetch_all([]) == {}


async def test_a_url_named_twice_is_fetched_once(server: FileServer) -> None:
    url = server.serve("/a.png")
    assert list(await fetch_all([RemoteFile(url, "image", "x"), RemoteFile(url, "image", "y")])) == [url]
    assert len(server.requests) == 1


async def test_requests_tell_who_asks_and_nothing_else(
    server: FileServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    await image(server.serve("/a.png", Set_Cookie="a=b"))
    await image(server.url("/a.png"))
    first, second = server.requests
    assert dict(second.headers) == {
        "Host": f"localhost:{server.port}",
        "User-Agent": "zerogravity-gateway/1",
        "Accept": "*/*",
        "Accept-Encoding": "identity",
        "Connection": "close",
    }
    assert first.headers == second.headers


async def test_eight_at_once_for_one_request(server: FileServer) -> None:
    running, most = 0, 0
    eight = asyncio.Event()

    async def slow(request: web.BaseRequest) -> web.Response:
        nonlocal running, most
        running += 1
        most = max(most, running)
        if running == 8:
            eight.set()
        await eight.wait()
        running -= 1
        return web.Response(body=PNG, content_type="image/png")

    urls = [server.url(f"/{number}") for number in range(20)]
    server.handlers = {f"/{number}": slow for number in range(20)}
    assert list((await fetch_all([RemoteFile(url, "image") for url in urls])).keys() ^ set(urls)) == []
    assert most == 8


async def test_the_process_has_a_limit_of_its_own(
    server: FileServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "_AT_ONCE", 2)
    running, most = 0, 0
    both = asyncio.Event()

    async def slow(request: web.BaseRequest) -> web.Response:
        nonlocal running, most
        running += 1
        most = max(most, running)
        if running == 2:
            both.set()
        await both.wait()
        running -= 1
        return web.Response(body=PNG, content_type="image/png")

    server.handlers = {f"/{number}": slow for number in range(6)}
    await asyncio.gather(*(image(server.url(f"/{number}")) for number in range(6)))
    assert most == 2


# --- what is not ---


async def test_a_failure_names_the_parameter_and_gives_up_the_rest(server: FileServer) -> None:
    came, left = asyncio.Event(), asyncio.Event()

    async def never(request: web.BaseRequest) -> web.Response:
        came.set()
        try:
            await asyncio.Event().wait()
        finally:
            left.set()
        raise AssertionError

    async def missing(request: web.BaseRequest) -> web.Response:
        await came.wait()
        return web.Response(status=404)

    server.handlers = {"/never": never, "/missing": missing}
    error = await refusal(
        RemoteFile(server.url("/never"), "image"),
        RemoteFile(server.url("/missing"), "image", "input[0].content[1].image_url"),
    )
    assert (error.param, error.code) == ("input[0].content[1].image_url", "failed_to_download_image")
    assert (
        error.message
        == "The image at 'localhost' could not be downloaded: the server answered with status 404."
    )
    await left.wait()


async def test_the_operator_can_switch_it_off(server: FileServer, settings: Settings) -> None:
    settings.REMOTE_FILES = False
    error = await refusal(RemoteFile(server.serve("/a.png"), "image"))
    assert error.code == "invalid_image_url"
    assert server.requests == []


@pytest.mark.parametrize(
    ("url", "kind", "code"),
    [
        ("http://localhost/a", "image", "invalid_image_url"),
        ("https://u:p@localhost/a", "file", "invalid_file_url"),
        ("https://localhost:1/a", "image", "invalid_image_url"),
        ("not a url", "file", "invalid_file_url"),
    ],
)
async def test_a_wrong_url_is_called_wrong(url: str, kind: RemoteKind, code: str) -> None:
    error = await refusal(RemoteFile(url, kind))
    assert error.code == code
    assert error.message.startswith(f"This {kind} URL cannot be downloaded: ")


async def test_too_many_urls() -> None:
    wanted = [RemoteFile(f"https://localhost/{number}", "image") for number in range(fetching.MAX_FILES + 1)]
    assert "at most 250" in (await refusal(*wanted)).message


@pytest.mark.parametrize(("kind", "limit"), [("image", "20 MiB"), ("file", "50 MiB")])
async def test_a_length_above_the_limit_is_not_waited_for(
    server: FileServer, kind: RemoteKind, limit: str
) -> None:
    async def announce(request: web.BaseRequest) -> web.StreamResponse:
        answer = web.StreamResponse(headers={"Content-Type": "image/png"})
        answer.content_length = remote_downloads.MAX_BYTES[kind] + 1
        await answer.prepare(request)
        await asyncio.Event().wait()
        raise AssertionError

    server.handlers["/a"] = announce
    error = await refusal(RemoteFile(server.url("/a"), kind))
    assert error.code == ("image_file_too_large" if kind == "image" else "file_too_large")
    assert error.message == f"The {kind} at 'localhost' is larger than {limit}."


async def test_a_body_without_a_length_is_counted(
    server: FileServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote_downloads, "MAX_BYTES", {"image": 100_000})

    async def endless(request: web.BaseRequest) -> web.StreamResponse:
        answer = web.StreamResponse(headers={"Content-Type": "image/png"})
        await answer.prepare(request)
        while True:
            await answer.write(bytes(10_000))

    server.handlers["/a"] = endless
    assert (await refusal(RemoteFile(server.url("/a"), "image"))).code == "image_file_too_large"


async def test_a_body_of_just_the_limit_is_taken(server: FileServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote_downloads, "MAX_BYTES", {"image": len(PNG)})
    assert (await image(server.serve("/a.png"))).data == PNG
    assert (
        await refusal(RemoteFile(server.serve("/b.png", PNG + b"x"), "image"))
    ).code == "image_file_too_large"


async def test_all_files_of_a_request_have_one_limit(server: FileServer, settings: Settings) -> None:
    settings.REMOTE_FILES_MAX_BYTES = 2 * len(PNG)
    wanted = [RemoteFile(server.serve(f"/{number}"), "image") for number in range(3)]
    assert len(await fetch_all(wanted[:2])) == 2
    error = await refusal(*wanted)
    assert (error.code, "together" in error.message) == ("image_file_too_large", True)


@pytest.mark.parametrize(
    "says", [b"", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n123"]
)
async def test_a_server_that_takes_too_long(server: FileServer, settings: Settings, says: bytes) -> None:
    settings.REMOTE_FILES_TIMEOUT = 0.2

    async def stall(request: web.BaseRequest) -> web.Response:
        assert request.transport is not None
        request.transport.write(says)
        await asyncio.Event().wait()
        raise AssertionError

    server.handlers["/a"] = stall
    error = await refusal(RemoteFile(server.url("/a"), "file"))
    assert error.code == "failed_to_download_file"
    assert error.message == "The file at 'localhost' could not be downloaded within 0.2 seconds."


@pytest.mark.parametrize(
    "says", [b"garbage\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n123", b""]
)
async def test_a_server_that_breaks_off(server: FileServer, says: bytes) -> None:
    async def break_off(request: web.BaseRequest) -> web.Response:
        assert request.transport is not None
        request.transport.write(says)
        request.transport.close()
        await asyncio.Event().wait()
        raise AssertionError

    server.handlers["/a"] = break_off
    error = await refusal(RemoteFile(server.url("/a"), "image"))
    assert error.message == "The image at 'localhost' could not be downloaded."


@pytest.mark.parametrize("path", ["/missing", "/garbage", "/elsewhere"])
async def test_neither_error_nor_log_holds_the_path(
    server: FileServer, path: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def garbage(request: web.BaseRequest) -> web.Response:
        assert request.transport is not None
        request.transport.write(b"garbage\r\n\r\n")
        await asyncio.Event().wait()
        raise AssertionError

    server.handlers["/garbage"] = garbage
    server.serve("/elsewhere", b"", 302, Location="https://localhost:1/elsewhere?sig=s3cret")
    with caplog.at_level("DEBUG", "zg"):
        error = await refusal(RemoteFile(server.url(f"{path}?sig=s3cret"), "image"))
    for text in (error.message, caplog.text):
        assert "s3cret" not in text and path not in text


@pytest.mark.parametrize(
    ("kind", "headers", "body", "code"),
    [
        ("image", {"Content_Type": "image/gif"}, b"GIF89a", "unsupported_image_media_type"),
        ("image", {"Content_Type": "image/jpeg"}, PNG, "unsupported_image_media_type"),
        ("image", {"Content_Type": "text/html"}, b"<html>", "unsupported_image_media_type"),
        ("image", {}, b"", "empty_image_file"),
        ("image", {"Content_Encoding": "gzip"}, PNG, "failed_to_download_image"),
        ("image", {"Content_Encoding": "x, br"}, PNG, "failed_to_download_image"),
        ("file", {}, PNG, "unsupported_file_media_type"),
        ("file", {"Content_Type": "application/octet-stream"}, b"text?", "unsupported_file_media_type"),
        ("file", {"Content_Type": "application/pdf"}, b"", "empty_file"),
    ],
)
async def test_content_that_is_not_what_it_should_be(
    server: FileServer, kind: RemoteKind, headers: dict[str, str], body: bytes, code: str
) -> None:
    assert (await refusal(RemoteFile(server.serve("/a", body, 200, **headers), kind))).code == code


async def test_an_unknown_authority_is_not_trusted(server: FileServer, settings: Settings) -> None:
    settings.REMOTE_FILES_CA_BUNDLE = None
    error = await refusal(RemoteFile(server.serve("/a.png"), "image"))
    assert error.message == "The image at 'localhost' could not be downloaded."
    assert server.requests == []


# --- redirects ---


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_redirects_are_followed(server: FileServer, status: int) -> None:
    server.serve("/b/c.png")
    assert (await image(server.serve("/a", b"", status, Location="/b/c.png"))).data == PNG


async def test_three_redirects_are_followed_and_four_are_not(server: FileServer) -> None:
    server.serve("/0")
    for number in range(1, 5):
        server.serve(f"/{number}", b"", 302, Location=f"/{number - 1}")
    assert (await image(server.url("/3"))).data == PNG
    error = await refusal(RemoteFile(server.url("/4"), "image"))
    assert error.message == "The image at 'localhost' could not be downloaded: more than 3 redirects."


async def test_a_redirect_without_an_address_is_an_answer(server: FileServer) -> None:
    error = await refusal(RemoteFile(server.serve("/a", PNG, 302), "image"))
    assert "status 302" in error.message


@pytest.mark.parametrize(
    "location",
    ["https://u@localhost:{port}/b.png", "http://localhost:{bell}/b.png", "file:///etc/passwd", "//h:x/"],
)
async def test_a_redirect_that_is_not_followed_is_not_told(
    server: FileServer, settings: Settings, location: str
) -> None:
    async with door_bell("127.0.0.1") as bell:
        settings.REMOTE_FILES_ALLOWED_HOSTS = [f"localhost:{server.port}", f"localhost:{bell.port}"]
        server.serve("/b.png")
        target = location.format(port=server.port, bell=bell.port)
        error = await refusal(RemoteFile(server.serve("/a", b"", 302, Location=target), "image"))
        assert error.code == "failed_to_download_image"
        assert error.message == "The image at 'localhost' could not be downloaded."
        assert (len(server.requests), bell.rings) == (1, 0)


# --- what is remembered ---


async def test_an_owner_fetches_an_image_once_in_a_while(server: FileServer) -> None:
    url = server.serve("/a.png")
    for _ in range(2):
        assert (await fetch_all([RemoteFile(url, "image")], owner_id=1))[url].data == PNG
    assert len(server.requests) == 1
    await fetch_all([RemoteFile(url, "image")], owner_id=2)
    await fetch_all([RemoteFile(url, "image")])
    assert len(server.requests) == 3


async def test_without_an_owner_nothing_is_remembered(server: FileServer) -> None:
    url = server.serve("/a.png")
    await fetch_all([RemoteFile(url, "image")])
    await fetch_all([RemoteFile(url, "image")], owner_id=1)
    assert len(server.requests) == 2


@pytest.mark.parametrize("said", ["no-store", "private, No-Cache", "max-age=0", 'max-age="0"'])
async def test_a_server_can_forbid_to_remember(server: FileServer, said: str) -> None:
    url = server.serve("/a.png", Cache_Control=said)
    for _ in range(2):
        await fetch_all([RemoteFile(url, "image")], owner_id=1)
    assert len(server.requests) == 2


async def test_what_is_remembered_counts_for_the_limit_of_the_request(
    server: FileServer, settings: Settings
) -> None:
    wanted = [RemoteFile(server.serve(f"/{number}"), "image") for number in range(3)]
    await fetch_all(wanted, owner_id=1)
    settings.REMOTE_FILES_MAX_BYTES = 2 * len(PNG)
    with pytest.raises(InvalidRequest, match="together"):
        await fetch_all(wanted, owner_id=1)
