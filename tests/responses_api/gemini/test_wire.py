import msgspec
import pytest

from responses_api.gemini.wire import WireStruct, lenient


class Thing(WireStruct, frozen=True):
    some_name: int = 0


read = lenient(Thing)


def test_names_are_in_camel_case_on_the_wire_and_unknown_ones_are_ignored() -> None:
    assert read(msgspec.Raw(b'{"someName":1,"other":{}}')) == Thing(1)


@pytest.mark.parametrize(
    "raw", [b"", b"null", b"7", b'{"someName":"x"}', b"{", b'{"someName":"\xff"}', b"[" * 100_000]
)
def test_what_cannot_be_read_is_nothing(raw: bytes) -> None:
    assert read(msgspec.Raw(raw)) is None
