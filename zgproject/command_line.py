"""Options of ``manage.py serve`` that stand for environment variables.

Settings are read when Django starts, before it looks at a command's options; so ``manage.py``
writes these into the environment first. They win over the environment and over ``.env``.
"""

import argparse
from collections.abc import MutableMapping, Sequence
from dataclasses import dataclass

COMMAND = "serve"


@dataclass(frozen=True, slots=True)
class Option:
    """One option: ``flag VALUE`` is ``variable=VALUE`` in the environment."""

    flag: str
    variable: str
    help: str


OPTIONS = (
    Option("--host", "HOST", "address to listen on; default 127.0.0.1, this machine only"),
    Option("--port", "PORT", "port of the API and the admin; default 8000, 0 takes a free one"),
    Option(
        "--data-dir", "DATA_DIR", "folder of the database, the secrets and the certificates; default data"
    ),
    Option("--upstream-url", "UPSTREAM_URL", "the Gemini endpoint to call; default Google's"),
    Option("--upstream-ca", "UPSTREAM_CA_FILE", "PEM file of the authority to trust for the upstream"),
    Option(
        "--interceptor-port", "INTERCEPTOR_PORT", "port of the interceptor; default 8090, 0 takes a free one"
    ),
    Option(
        "--language-server-port",
        "LANGUAGE_SERVER_PORT",
        "port of the language server; default 8091, 0 takes a free one",
    ),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options to the command's own parser, which checks them and prints the help."""
    # A shortened option would be accepted there but not here, and so have no effect.
    parser.allow_abbrev = False
    group = parser.add_argument_group("settings", "Each stands for the environment variable after it.")
    for option in OPTIONS:
        group.add_argument(option.flag, metavar=option.variable, help=option.help)


def apply_options(argv: Sequence[str], environ: MutableMapping[str, str]) -> None:
    """Write the options in ``argv`` into ``environ``, if it calls for ``serve``.

    Args:
        argv: the whole command line, as ``sys.argv``.
        environ: the environment that the settings will be read from.
    """
    if list(argv[1:2]) != [COMMAND]:
        return
    parser = argparse.ArgumentParser(prog=f"manage.py {COMMAND}", add_help=False, allow_abbrev=False)
    for option in OPTIONS:
        parser.add_argument(option.flag, dest=option.variable, default=None)
    given, _ = parser.parse_known_args(argv[2:])
    for variable, value in vars(given).items():
        if value is not None:
            environ[variable] = value
            environ.pop(f"{variable}_FILE", None)
