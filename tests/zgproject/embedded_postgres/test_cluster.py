"""Folders, environments and permissions in which the server must start, or say why it does not."""

import os
import stat
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.zgproject.embedded_postgres.conftest import UserProcess

type Use = Callable[..., UserProcess]
type CopyTo = Callable[[Path], Path]


@pytest.fixture
def copy_to(use: Use, data_dir: Path) -> CopyTo:
    """Puts a data folder at a path, faster than PostgreSQL makes a new one."""
    user = use()
    user.ask("connect")
    user.end()

    def copy(target: Path) -> Path:
        target.parent.mkdir(parents=True, exist_ok=True)
        # With owners, which shutil leaves out.
        subprocess.run(["cp", "-a", data_dir, target], check=True)
        return target

    return copy


def test_a_path_too_long_for_a_socket(use: Use, folder: Path, copy_to: CopyTo) -> None:
    data_dir = copy_to(folder / ("long-" * 20) / "postgres")
    user = use(data_dir)
    socket_dir = Path(user.ask("connect"))
    assert socket_dir != data_dir
    assert stat.S_IMODE(socket_dir.stat().st_mode) == 0o700
    user.end()
    assert not socket_dir.exists()


@pytest.mark.parametrize("name", ["it's \\ mine", "this, that"])
def test_a_path_with_awkward_characters(name: str, use: Use, folder: Path, copy_to: CopyTo) -> None:
    data_dir = copy_to(folder / name / "post gres")
    assert use(data_dir).ask("sql SELECT 1") == "1"


def test_the_callers_environment_does_not_matter(use: Use, data_dir: Path) -> None:
    hostile = {
        "LC_ALL": "xx_YY.ISO-8859-1",
        "PGPORT": "1",
        "PGHOST": "nowhere",
        "PGUSER": "nobody",
        "PGDATA": "/",
    }
    assert use(data_dir, **hostile).ask("sql SELECT current_user") == "postgres"


def test_the_server_is_durable_unless_told_otherwise_and_small(use: Use, data_dir: Path) -> None:
    user = use()
    assert user.ask("sql SHOW fsync") == "off"
    assert user.ask("sql SHOW synchronous_commit") == "on"
    assert user.ask("sql SHOW max_connections") == "100"
    assert user.ask("sql SHOW shared_buffers") == "64MB"


def test_nothing_listens_on_the_network_and_the_socket_is_private(use: Use, data_dir: Path) -> None:
    user = use()
    socket = Path(user.ask("connect"), ".s.PGSQL.5432")
    assert user.ask("sql SHOW listen_addresses") == ""
    assert stat.S_IMODE(socket.stat().st_mode) == 0o700
    assert stat.S_IMODE(data_dir.stat().st_mode) == 0o700


def test_sorting_and_letters_do_not_depend_on_the_machine(use: Use, data_dir: Path) -> None:
    user = use()
    assert user.ask("sql SELECT lower('ÄÖÜ')") == "äöü"
    assert user.ask("sql SELECT datcollate FROM pg_database WHERE datname = 'postgres'") == "C.UTF-8"


def test_a_folder_of_another_version_is_refused(use: Use, folder: Path) -> None:
    (folder / "postgres").mkdir()
    (folder / "postgres" / "PG_VERSION").write_text("17\n")
    answer = use(folder / "postgres").ask("connect")
    assert answer.startswith("OperationalError: The embedded PostgreSQL could not be started:")
    assert "PostgreSQL 17" in answer
    assert "DATABASE_URL" in answer


def test_a_folder_that_holds_something_else_is_left_alone(use: Use, folder: Path) -> None:
    (folder / "postgres").mkdir()
    (folder / "postgres" / "letter.txt").write_text("dear")
    assert "could not be started" in use(folder / "postgres").ask("connect")
    assert (folder / "postgres" / "letter.txt").read_text() == "dear"


def test_why_it_does_not_start_is_said(use: Use, folder: Path, copy_to: CopyTo) -> None:
    copy_to(folder / "postgres")
    with (folder / "postgres" / "postgresql.auto.conf").open("a") as file:
        file.write("no_such_setting = 1\n")
    assert "no_such_setting" in use(folder / "postgres").ask("connect")


def test_an_interrupted_beginning_is_begun_again(use: Use, folder: Path) -> None:
    (folder / "postgres.new").mkdir()
    (folder / "postgres.new" / "PG_VERSION").write_text("18\n")
    assert use(folder / "postgres").ask("sql SELECT 1") == "1"
    assert not (folder / "postgres.new").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root needs a system user and changes permissions")
def test_as_root_parents_can_be_passed_through_but_not_read(use: Use, folder: Path) -> None:
    (folder / "closed").mkdir(mode=0o700)
    secrets = folder / "closed" / "secrets"
    secrets.mkdir(mode=0o700)
    assert use(folder / "closed" / "postgres").ask("sql SELECT 1") == "1"
    assert stat.S_IMODE((folder / "closed").stat().st_mode) == 0o701
    assert stat.S_IMODE(secrets.stat().st_mode) == 0o700
    assert (folder / "closed" / "postgres").owner() == "pgserver"
