"""Secrets that an installation makes for itself on first start, one file each.

They live in the data folder, readable by their owner only, so that the processes of one
machine share them. An installation on several machines sets them in the environment.
"""

import os
import tempfile
from collections.abc import Callable
from pathlib import Path


def read_or_create(path: Path, make: Callable[[], str]) -> str:
    """The secret kept in ``path``; made with ``make`` and written (mode 0600) if there is none yet.

    Safe when several processes start at once: all get the secret of the one that was first.
    """
    try:
        return path.read_text().strip()
    except FileNotFoundError:
        pass
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor, draft = tempfile.mkstemp(dir=path.parent)
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(make() + "\n")
        # A hard link appears whole or not at all, and fails if another process was first.
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        os.unlink(draft)
    return path.read_text().strip()
