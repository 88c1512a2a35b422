import argparse

import pytest

from zgproject.command_line import OPTIONS, Option, add_arguments, apply_options


@pytest.mark.parametrize("form", [["{flag}", "{value}"], ["{flag}={value}"]])
@pytest.mark.parametrize("option", OPTIONS, ids=lambda option: option.flag)
def test_an_option_is_its_variable(option: Option, form: list[str]) -> None:
    environ: dict[str, str] = {"OTHER": "untouched"}
    given = [part.format(flag=option.flag, value="8001") for part in form]
    apply_options(["manage.py", "serve", "--verbosity", "2", *given, "--traceback"], environ)
    assert environ == {"OTHER": "untouched", option.variable: "8001"}


def test_it_wins_over_the_environment() -> None:
    environ = {"PORT": "1", "PORT_FILE": "/run/secrets/port", "HOST": "kept"}
    apply_options(["manage.py", "serve", "--port", "8001"], environ)
    assert environ == {"PORT": "8001", "HOST": "kept"}


@pytest.mark.parametrize(
    "argv", [["manage.py"], ["manage.py", "migrate", "--port", "1"], ["manage.py", "help", "serve"]]
)
def test_other_commands_are_left_alone(argv: list[str]) -> None:
    environ: dict[str, str] = {}
    apply_options(argv, environ)
    assert environ == {}


def test_a_missing_value_is_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        apply_options(["manage.py", "serve", "--port"], {})
    assert "--port: expected one argument" in capsys.readouterr().err


def test_the_help_shows_every_option_with_its_variable() -> None:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    text = parser.format_help()
    for option in OPTIONS:
        assert f"{option.flag} {option.variable}" in text


def test_a_shortened_option_is_refused_and_not_ignored() -> None:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    with pytest.raises(SystemExit):
        parser.parse_args(["--upstream-u", "https://example.test"])
