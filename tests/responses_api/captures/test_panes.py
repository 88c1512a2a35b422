import pytest

from responses_api.captures.panes import (
    CaptureMode,
    Gap,
    Piece,
    effective_mode,
    pack,
    pack_stream,
    readable,
    unpack,
    unpack_stream,
)


@pytest.mark.parametrize(
    ("wanted", "default", "mode"),
    [
        ("inherit", "off", "off"),
        ("inherit", "preview", "preview"),
        ("off", "full", "off"),
        ("full", "off", "full"),
        ("preview", "full", "preview"),
    ],
)
def test_a_key_may_have_its_own_mode(wanted: str, default: CaptureMode, mode: CaptureMode) -> None:
    assert effective_mode(wanted, default) == mode


def test_a_text_comes_back() -> None:
    assert unpack(pack("Grüße".encode())) == "Grüße"


def test_a_character_cut_in_two_is_left_out() -> None:
    assert unpack(pack("Grüße".encode()[:3])) == "Gr"


def test_a_stream_comes_back() -> None:
    pieces = (Piece(0.5, {"text": "line\nbreak\u2028"}), Gap(3), Piece(12.25, "no JSON"))
    assert unpack_stream(pack_stream(pieces)) == pieces
    assert unpack_stream(pack_stream(())) == ()


def test_json_is_laid_out_for_people() -> None:
    assert readable('{"a":[1]}') == '{\n  "a": [\n    1\n  ]\n}'
    assert readable('{"a": "cut o') == '{"a": "cut o'
