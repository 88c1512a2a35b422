import socket
import subprocess
import sys
from pathlib import Path

import pytest

from interceptor.stack.occupied import Occupied, check_port, occupy_folder

HOLDER = """
import sys
from pathlib import Path
from interceptor.stack.occupied import occupy_folder
occupy_folder(Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""


def test_a_folder_is_one_processs_until_it_ends(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[3],
    )
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(Occupied, match="--data-dir"):
            occupy_folder(folder)
    finally:
        holder.kill()
        holder.communicate()
    occupy_folder(folder)


def test_a_taken_port_is_named_with_its_option() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(Occupied, match=f"127.0.0.1:{port} .*--some-port"):
            check_port("127.0.0.1", port, "--some-port")
    check_port("127.0.0.1", port, "--some-port")
    check_port("127.0.0.1", 0, "--some-port")
