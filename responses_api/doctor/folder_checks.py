"""The data folder: there, writable, private where it has to be, and with room on its disk."""

import asyncio
import os
import shutil
from pathlib import Path

from django.conf import settings

from responses_api.doctor.findings import Finding, failed, ok, warning

_JOINT = "data folder"
_MEGABYTE = 1024 * 1024
_TOO_LITTLE = 100 * _MEGABYTE
_LITTLE = 1024 * _MEGABYTE


async def check_folder() -> list[Finding]:
    """One finding on the folder and one on its disk."""
    return await asyncio.to_thread(_look)


def _look() -> list[Finding]:
    folder: Path = settings.DATA_DIR
    if not folder.is_dir():
        return [failed(_JOINT, f"{folder} does not exist", "Start the gateway once, or set DATA_DIR.")]
    return [_access(folder), _room(folder)]


def _access(folder: Path) -> Finding:
    if not os.access(folder, os.W_OK | os.X_OK):
        return failed(_JOINT, f"{folder} cannot be written to", "Give it to the user that runs the gateway.")
    secrets = folder / "secrets"
    for path in (secrets, *(secrets.iterdir() if secrets.is_dir() else ())):
        if path.is_file() and path.stat().st_mode & 0o077:
            return failed(_JOINT, f"others can read {path}", f"Make it private: chmod 600 {path}")
    return ok(_JOINT, f"{folder} is writable, its secrets are private")


def _room(folder: Path) -> Finding:
    joint, free = "disk", shutil.disk_usage(folder).free
    says = f"{free // _MEGABYTE} MiB free"
    advice = "Make room, or move DATA_DIR: without any the database stops."
    if free < _TOO_LITTLE:
        return failed(joint, says, advice)
    return warning(joint, says, advice) if free < _LITTLE else ok(joint, says)
