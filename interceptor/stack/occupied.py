"""What another gateway may have taken already: a data folder, a port. Each said in one clear sentence."""

import fcntl
import os
import socket
from pathlib import Path


class Occupied(Exception):
    """Somebody else has it; the text says what and how to choose another."""


def occupy_folder(folder: Path) -> None:
    """Take ``folder`` for this process, until it ends.

    Raises:
        Occupied: another process has taken it.
    """
    folder.mkdir(mode=0o755, parents=True, exist_ok=True)
    # Never closed: the operating system drops the lock when the process ends, however it ends.
    descriptor = os.open(folder / "serve.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise Occupied(
            f"Another gateway is running in {folder}. Stop it, or choose another folder with --data-dir."
        ) from None


def check_port(host: str, port: int, option: str) -> None:
    """See that ``port`` can be listened on; 0 always can.

    Args:
        host: the address to listen on.
        port: the port.
        option: how the operator chooses another one.

    Raises:
        Occupied: it is taken, or the address is not this machine's.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise Occupied(
                f"Cannot listen on {host}:{port} ({error.strerror}). Is another gateway running? "
                f"Choose another port with {option}."
            ) from None
