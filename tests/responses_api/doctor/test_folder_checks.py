import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from pytest_django import Settings

from responses_api.doctor.findings import State
from responses_api.doctor.folder_checks import check_folder


@pytest.fixture
def folder(tmp_path: Path, settings: Settings) -> Path:
    settings.DATA_DIR = tmp_path
    (tmp_path / "secrets").mkdir()
    key = tmp_path / "secrets" / "key"
    key.write_text("k")
    key.chmod(0o600)
    return tmp_path


async def test_a_good_folder(folder: Path) -> None:
    access, _ = await check_folder()
    assert access.state is State.OK


async def test_a_secret_that_others_can_read(folder: Path) -> None:
    (folder / "secrets" / "key").chmod(0o644)
    access, _ = await check_folder()
    assert access.state is State.FAILED
    assert "chmod 600" in access.advice


async def test_a_folder_that_is_not_there(folder: Path, settings: Settings) -> None:
    settings.DATA_DIR = folder / "nowhere"
    (finding,) = await check_folder()
    assert finding.state is State.FAILED


@pytest.mark.parametrize(
    ("free", "state"), [(2 << 30, State.OK), (500 << 20, State.WARNING), (1 << 20, State.FAILED)]
)
async def test_room_on_the_disk(
    folder: Path, monkeypatch: pytest.MonkeyPatch, free: int, state: State
) -> None:
    def usage(path: Any) -> Any:
        return SimpleNamespace(total=4 << 30, used=0, free=free)

    monkeypatch.setattr(shutil, "disk_usage", usage)
    _, disk = await check_folder()
    assert disk.state is state
