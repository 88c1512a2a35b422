from responses_api.core.remote_files import FetchedFile
from responses_api.remote_files.remote_cache import LONGEST_LIFETIME, CacheKey, RemoteCache


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def key(name: str, owner_id: int = 1) -> CacheKey:
    return owner_id, name, "image"


def file(size: int = 9) -> FetchedFile:
    return FetchedFile("image/png", bytes(size))


def test_a_file_is_good_for_its_lifetime() -> None:
    clock = Clock()
    cache = RemoteCache(100, clock)
    kept = file()
    cache.put(key("a"), kept, 10)
    clock.now += 9
    assert cache.get(key("a")) is kept
    clock.now += 1
    assert cache.get(key("a")) is None


def test_a_lifetime_is_bounded() -> None:
    clock = Clock()
    cache = RemoteCache(100, clock)
    cache.put(key("a"), file(), float("inf"))
    clock.now += LONGEST_LIFETIME
    assert cache.get(key("a")) is None


def test_owners_and_kinds_do_not_share() -> None:
    cache = RemoteCache(100, Clock())
    cache.put(key("a", owner_id=1), file(), 10)
    assert cache.get(key("a", owner_id=2)) is None
    assert cache.get((1, "a", "file")) is None


def test_the_oldest_go_when_bytes_run_out() -> None:
    cache = RemoteCache(30, Clock())
    for name in "abc":
        cache.put(key(name), file(9), 10)  # 10 bytes each, with the URL
    cache.put(key("d"), file(9), 10)
    assert [name for name in "abcd" if cache.get(key(name))] == ["b", "c", "d"]


def test_a_file_kept_again_counts_once_and_is_the_newest() -> None:
    cache = RemoteCache(30, Clock())
    for name in "aabacd":
        cache.put(key(name), file(9), 10)
    assert [name for name in "abcd" if cache.get(key(name))] == ["a", "c", "d"]


def test_what_may_not_or_cannot_be_kept_also_ends_what_was() -> None:
    for size, lifetime in ((9, 0), (100, 10)):
        cache = RemoteCache(30, Clock())
        cache.put(key("a"), file(), 10)
        cache.put(key("a"), file(size), lifetime)
        assert cache.get(key("a")) is None


def test_a_put_makes_room_of_what_has_expired() -> None:
    clock = Clock()
    cache = RemoteCache(30, clock)
    for name in "ab":
        cache.put(key(name), file(), 10)
    clock.now += LONGEST_LIFETIME
    cache.put(key("c"), file(), 10)
    clock.now = 1000.0
    assert [name for name in "abc" if cache.get(key(name))] == ["c"]
