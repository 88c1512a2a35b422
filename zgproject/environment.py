"""Reading the environment: each kind of value with its check, and one clear sentence for a wrong one.

Every value can be given as an environment variable or in a ``.env`` file beside ``manage.py``,
and as ``NAME_FILE``, the path of a file that holds it. All readers raise ``ImproperlyConfigured``.
"""

import json
import math
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent

env = environ.FileAwareEnv()
if (BASE_DIR / ".env").is_file():
    environ.Env.read_env(BASE_DIR / ".env")


def secret(name: str) -> str:
    """The value as it is: a leading ``$`` names no other variable; line breaks around it do not count."""
    return str(env.ENVIRON.get(name, "")).strip()


def port(name: str, default: int) -> int:
    """A port number; 0 lets the system choose."""
    port = env.int(name, default=default)
    if not 0 <= port <= 65535:
        raise ImproperlyConfigured(f"{name} must be a port number between 0 and 65535, not {port}.")
    return port


def ports(name: str, default: list[int]) -> list[int]:
    """Port numbers, separated by commas."""
    ports = env.list(name, default=default)
    try:
        numbers = [int(port) for port in ports]
    except ValueError as error:
        raise ImproperlyConfigured(f"{name} must list port numbers, not {ports}.") from error
    if not all(0 < port <= 65535 for port in numbers):
        raise ImproperlyConfigured(f"{name} must list port numbers between 1 and 65535, not {numbers}.")
    return numbers


def seconds(name: str, default: float) -> float:
    """A positive number of seconds."""
    seconds = env.float(name, default=default)
    if seconds <= 0:
        raise ImproperlyConfigured(f"{name} must be a positive number of seconds, not {seconds}.")
    return seconds


def positive(name: str, default: float) -> float:
    """A positive number."""
    number = env.float(name, default=default)
    if not 0 < number < math.inf:
        raise ImproperlyConfigured(f"{name} must be a positive number, not {number}.")
    return number


def days(name: str, default: float) -> float:
    """A number of days; 0 is for ever."""
    days = env.float(name, default=default)
    if not 0 <= days < math.inf:
        raise ImproperlyConfigured(f"{name} must be a number of days, or 0 to keep for ever, not {days}.")
    return days


def bytes(name: str, default: int) -> int:
    """A positive number of bytes."""
    size = env.int(name, default=default)
    if size <= 0:
        raise ImproperlyConfigured(f"{name} must be a positive number of bytes, not {size}.")
    return size


def _host(name: str, entry: str) -> str:
    problem = f"{name} must list hosts as host or host:port, not {entry!r}."
    try:
        parts = urlsplit(f"//{entry}")
        port = parts.port or 443
    except ValueError as error:
        raise ImproperlyConfigured(problem) from error
    if not parts.hostname or parts.netloc != entry or "@" in entry or "*" in entry:
        raise ImproperlyConfigured(problem)
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{host}:{port}"


_LIMITS = (
    *("requests_per_minute", "tokens_per_minute", "concurrent_responses", "tokens_per_day"),
    *("tokens_per_month", "dollars_per_day", "dollars_per_month"),
)


def limits(name: str) -> dict[str, Decimal]:
    """A map of limits; counts are whole numbers, money has up to six decimals."""
    limits = {}
    for limit, value in env.dict(name, default={}).items():
        if limit not in _LIMITS:
            raise ImproperlyConfigured(f"{name} knows no {limit!r}; it may give {', '.join(_LIMITS)}.")
        try:
            number = Decimal(value)
        except InvalidOperation as error:
            raise ImproperlyConfigured(f"{name} gives {limit}={value!r}, which is not a number.") from error
        smallest = Decimal("0.000001") if limit.startswith("dollars") else Decimal(1)
        if not number.is_finite() or number < smallest or number % smallest:
            kind = "an amount of dollars" if limit.startswith("dollars") else "a whole number"
            raise ImproperlyConfigured(f"{name} must give {limit} as {kind} above 0, not {value}.")
        limits[limit] = number
    return limits


def hosts(name: str) -> list[str]:
    """Entries ``host`` or ``host:port`` as ``host:port`` in lower case; 443 where there is no port."""
    return [_host(name, entry) for entry in env.list(name, default=[])]


def host_patterns(name: str) -> list[str]:
    """The same, and ``*.domain`` for all hosts below a name."""
    return [
        f"*.{_host(name, entry[2:])}" if entry.startswith("*.") else _host(name, entry)
        for entry in env.list(name, default=[])
    ]


def origin(name: str) -> str:
    """An address ``http(s)://host:port`` without a path; empty where it is not set."""
    url = secret(name).rstrip("/")
    if not url:
        return ""
    problem = f"{name} must be an address such as http://127.0.0.1:8091, without a path."
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise ImproperlyConfigured(problem) from error
    if parts.scheme not in ("http", "https") or not parts.hostname or port == 0:
        raise ImproperlyConfigured(problem)
    if parts.path or parts.query or parts.fragment:
        raise ImproperlyConfigured(problem)
    return url


def map(name: str) -> dict[str, str]:
    """A JSON object of strings, or ``key=value`` pairs separated by commas."""
    value = env.str(name, default="").strip()
    problem = f"{name} must be a JSON object of strings, or name=value pairs separated by commas."
    entries: dict[str, Any]
    if value.startswith("{"):
        try:
            entries = json.loads(value)
        except ValueError as error:
            raise ImproperlyConfigured(problem) from error
    else:
        pairs = [pair.partition("=") for pair in value.split(",") if pair.strip()]
        entries = {key.strip(): entry.strip() for key, _, entry in pairs}
    if not all(key and isinstance(entry, str) and entry for key, entry in entries.items()):
        raise ImproperlyConfigured(problem)
    return entries


def choice(name: str, default: str, *others: str) -> str:
    """One of these words."""
    value = env.str(name, default=default)
    if value not in (default, *others):
        raise ImproperlyConfigured(f"{name} must be one of {', '.join((default, *others))}, not {value!r}.")
    return value


def optional_path(name: str) -> Path | None:
    """The path of a file that is there; None where it is not set."""
    value = env.str(name, default="")
    if not value:
        return None
    path = Path(value).expanduser()
    if not path.is_file():
        raise ImproperlyConfigured(f"{name} names a file that does not exist: {path}")
    return path.resolve()
