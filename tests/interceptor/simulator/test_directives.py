import pytest

from interceptor.simulator.directives import BadDirective, Directives, PlannedCall, Status, parse_directives


def test_plain_text_has_none() -> None:
    assert parse_directives("say [hello]\n\n  twice") == (Directives(), "say [hello]\n\n  twice")


def test_directives_are_taken_out_of_the_text() -> None:
    found, rest = parse_directives("please [[chunks=60]] answer [[delay_ms=20]][[first_delay_ms=500]] me")
    assert rest == "please answer me"
    assert found == Directives(chunks=60, delay_ms=20, first_delay_ms=500)


def test_what_is_no_directive_stays() -> None:
    text = "if [[ -f x ]]; then [[wiki link]] [[unknown=1]]"
    assert parse_directives(text) == (Directives(), text)


def test_text_is_taken_literally() -> None:
    assert parse_directives("[[text=a  b\nc = [1]]]")[0].text == "a  b\nc = [1]"


def test_calls_add_up() -> None:
    found, _ = parse_directives('[[call=a*3]] [[call=b args={"x": [1, 2]}]] [[calls_spread]]')
    assert found.calls == (PlannedCall("a", 3), PlannedCall("b", 1, {"x": [1, 2]}))
    assert found.calls_spread


def test_a_status_with_its_options() -> None:
    found, _ = parse_directives("[[status=429 retry=7.5 quota=day times=2]]")
    assert (found.status, found.times) == (Status(429, 7.5, per_day=True), 2)


@pytest.mark.parametrize(
    "text",
    [
        "[[finish=OTHER times=3]]",
        "[[finish=OTHER]] [[times=3]]",
        "[[no_content=1 times=3]]",
        "[[no_content=times=3]]",
        "[[cut=1 times=3]]",
        "[[cut_line=1 times=3]]",
        "[[cut_transfer=1 times=3]]",
        "[[reset=1 times=3]]",
        "[[signature=refuse times=3]]",
    ],
)
def test_any_fault_may_pass(text: str) -> None:
    found, _ = parse_directives(text)
    assert found.times == 3
    assert found.without_faults() == Directives(times=3)


def test_what_is_no_fault_stays() -> None:
    found, _ = parse_directives("[[chunks=3]] [[signature=off]] [[text=a times=3]] [[finish=OTHER]]")
    assert found.without_faults() == Directives(chunks=3, signature="off", text="a times=3")


def test_an_error_in_the_middle_with_its_code() -> None:
    found, _ = parse_directives("[[error_mid=3 code=500]]")
    assert (found.error_mid, found.error_code) == (3, 500)


@pytest.mark.parametrize(
    "flag", ["no_finish", "no_content", "thinking_only", "echo_request", "calls_spread", "stamp"]
)
def test_flags(flag: str) -> None:
    assert getattr(parse_directives(f"[[{flag}]]")[0], flag) is True
    assert getattr(parse_directives("x")[0], flag) is False


@pytest.mark.parametrize(
    "text",
    [
        "[[chunks=many]]",
        "[[chunks]]",
        "[[cut=-1]]",
        "[[status=x]]",
        "[[status=429 retry]]",
        "[[call=f args=[]]]",
        "[[code=maybe]]",
        "[[signature]]",
        "[[signature=no]]",
        "[[times=x]]",
    ],
)
def test_a_known_name_with_a_bad_value_is_refused(text: str) -> None:
    with pytest.raises(BadDirective):
        parse_directives(text)
