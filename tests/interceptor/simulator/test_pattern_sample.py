import re

import pytest

from interceptor.simulator.pattern_sample import matching


@pytest.mark.parametrize(
    "pattern",
    [
        "abc",
        "^a{3}$",
        "[^a-z]",
        r"\d+-\w+\s\D\W\S",
        "(x|y)z?",
        "^(?:GET|POST) /.*$",
        r"a*?b++",
        "^(?i:q)$",
        r"\Aend\Z",
        "",
    ],
)
def test_the_text_matches(pattern: str) -> None:
    assert re.search(pattern, matching(pattern))


def test_it_grows_to_the_shortest_length_allowed() -> None:
    assert len(matching("^a+$", 9)) == 9
    assert matching("^a$", 9) == "a"


@pytest.mark.parametrize("pattern", ["(", "a(?!a)(?=b)", r"\p{L}"])
def test_what_it_cannot_read_becomes_a_sample(pattern: str) -> None:
    assert matching(pattern) == "sample"
