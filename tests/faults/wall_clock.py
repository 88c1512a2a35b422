"""Wall clocks that can be set, for processes of the tests' own: the machine's is left alone."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

_SOURCE = Path(__file__).with_name("wall_clock.c")


class WallClocks:
    """One for each process by its name, right until it is set.

    Monotonic clocks do not notice, as on a machine whose clock is set.

    Args:
        folder: for their files, made here.
    """

    def __init__(self, folder: Path) -> None:
        compiler = shutil.which("cc")
        if compiler is None or sys.platform != "linux":
            pytest.skip("clocks can be set on Linux only, and where there is a C compiler")
        folder.mkdir()
        self._folder = folder
        self._library = folder / "wall_clock.so"
        flags = ("-O2", "-Wall", "-Werror", "-shared", "-fPIC")
        subprocess.run((compiler, *flags, _SOURCE, "-o", self._library), check=True)
        self._off_by: dict[str, int] = {}

    def environment(self, name: str) -> dict[str, str]:
        """What makes a process, and those that it starts, go by the clock of this name."""
        self._write(name, self._off_by.get(name, 0))
        return {"LD_PRELOAD": str(self._library), "WALL_CLOCK_FILE": str(self._file(name))}

    def jump(self, seconds: int, *names: str) -> None:
        """Set these forward, or back if negative; their processes see it at once."""
        for name in names:
            self._write(name, self._off_by[name] + seconds)

    def _file(self, name: str) -> Path:
        return self._folder / name.replace(" ", "-")

    def _write(self, name: str, seconds: int) -> None:
        self._off_by[name] = seconds
        file = self._file(name)
        # In place: processes have mapped it.
        with file.open("r+b" if file.exists() else "xb") as clock:
            clock.write((seconds * 1_000_000_000).to_bytes(8, sys.byteorder, signed=True))
