"""Reading a log that is still being written."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from responses_api.background import event_log, following, notices
from responses_api.background.event_log import LogPage
from responses_api.exchanges.channel_messages import CancelWanted, EventsLogged


class Log:
    """Pages that are read one after the other; the last one again and again."""

    def __init__(self, *pages: LogPage | None) -> None:
        self.pages = list(pages)
        self.asked: list[int] = []

    def read(self, response_id: str, after: int) -> LogPage | None:
        self.asked.append(after)
        return self.pages.pop(0) if len(self.pages) > 1 else self.pages[0]


def page(data: bytes, last: int, **facts: Any) -> LogPage:
    return LogPage(data, last, **{"more": False, "ended": False, "background": True, **facts})


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Log:
    made = Log()
    monkeypatch.setattr(event_log, "read", made.read)
    return made


def frames(after: int = -1) -> AsyncIterator[bytes]:
    return following._follow("resp_1", after)


async def test_a_log_that_has_ended_is_read_page_by_page_to_its_end(log: Log) -> None:
    log.pages = [page(b"a", 3, more=True), page(b"b", 5, ended=True)]
    assert [data async for data in frames()] == [b"a", b"b"]
    assert log.asked == [-1, 3]


async def test_a_notice_wakes_the_reader(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notices, "POLL_INTERVAL", 60.0)
    log.pages = [page(b"a", 3), page(b"b", 4, ended=True)]
    async with asyncio.timeout(10):
        reading = frames()
        assert await anext(reading) == b"a"
        following_one = asyncio.gather(anext(reading))
        await asyncio.sleep(0)
        await notices.tell(EventsLogged("resp_other"))
        await notices.tell(CancelWanted("resp_1"))
        await notices.tell(EventsLogged("resp_1"))
        [told] = await following_one
        assert told == b"b"
        assert [data async for data in reading] == []


async def test_what_no_notice_told_is_found_by_looking(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notices, "POLL_INTERVAL", 0.001)
    log.pages = [page(b"", -1), page(b"", -1), page(b"a", 0, ended=True)]
    assert [data async for data in frames()] == [b"a"]


async def test_silence_is_filled_with_comments(
    log: Log, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    settings.KEEPALIVE_INTERVAL = 0
    monkeypatch.setattr(notices, "POLL_INTERVAL", 0.001)
    log.pages = [page(b"", 7), page(b"a", 8, ended=True)]
    assert [data async for data in frames(7)] == [b": waiting\n\n", b"a"]


async def test_of_a_response_that_is_deleted_meanwhile_the_reader_is_told(log: Log) -> None:
    log.pages = [page(b"a", 3, more=True), None]
    *_, last = [data async for data in frames()]
    assert last.startswith(b'event: error\ndata: {"type":"error","sequence_number":4,')


async def test_nobody_listens_any_more_after_the_block() -> None:
    heard: list[str] = []
    with notices.listening(EventsLogged, "resp_1", lambda: heard.append("first")):
        with notices.listening(EventsLogged, "resp_1", lambda: heard.append("second")):
            await notices.tell(EventsLogged("resp_1"))
        await notices.tell(EventsLogged("resp_1"))
    await notices.tell(EventsLogged("resp_1"))
    assert heard == ["first", "second", "first"]
