"""Settings as an operator meets them: in a process of their own, from the environment."""

import os
import subprocess
import sys
from pathlib import Path

PROJECT_DIR = Path(__file__).parents[2]


def manage(data_dir: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    clean = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return subprocess.run(
        [sys.executable, "-W", "error", "manage.py", *arguments],
        cwd=PROJECT_DIR,
        env={**clean, "DATA_DIR": str(data_dir), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_deployment_check_is_clean_with_the_documented_settings(tmp_path: Path) -> None:
    done = manage(
        tmp_path,
        "check",
        "--deploy",
        "--fail-level",
        "WARNING",
        HTTPS_ONLY="true",
        ALLOWED_HOSTS="gateway.example.com",
    )
    assert done.returncode == 0, done.stderr
    assert "no issues (0 silenced)" in done.stdout


def test_a_wrong_value_is_one_clear_line(tmp_path: Path) -> None:
    done = manage(tmp_path, "check", PORT="99999")
    assert done.returncode == 1
    assert done.stderr == "Wrong setting: PORT must be a port number between 0 and 65535, not 99999.\n"


def test_secrets_are_made_once_and_private(tmp_path: Path) -> None:
    manage(tmp_path, "check")
    made = {path.name: path.read_text() for path in (tmp_path / "secrets").iterdir()}
    assert set(made) == {"secret_key", "api_key_hash_key", "credential_key", "language_server_csrf_token"}
    assert all((tmp_path / "secrets" / name).stat().st_mode & 0o077 == 0 for name in made)
    manage(tmp_path, "check")
    assert made == {path.name: path.read_text() for path in (tmp_path / "secrets").iterdir()}


def test_allowed_hosts_of_remote_files_are_kept_with_their_port(tmp_path: Path) -> None:
    done = manage(
        tmp_path,
        "shell",
        "--no-imports",
        "--command",
        "from django.conf import settings; print(settings.REMOTE_FILES_ALLOWED_HOSTS, settings.REMOTE_FILES_PORTS)",
        REMOTE_FILES_ALLOWED_HOSTS="Files.corp.example,[fd00::5]:8443",
        REMOTE_FILES_PORTS="443,8443",
    )
    assert done.stdout == "['files.corp.example:443', '[fd00::5]:8443'] [443, 8443]\n", done.stderr


def test_limits_of_the_installation(tmp_path: Path) -> None:
    done = manage(
        tmp_path,
        "shell",
        "--no-imports",
        "--command",
        "from django.conf import settings; print(settings.KEY_LIMITS, settings.USER_LIMITS)",
        USER_LIMITS="requests_per_minute=60,dollars_per_month=2.5",
    )
    expected = "{} {'requests_per_minute': Decimal('60'), 'dollars_per_month': Decimal('2.5')}\n"
    assert done.stdout == expected, done.stderr


def test_host_patterns_are_read_with_their_port(tmp_path: Path) -> None:
    done = manage(
        tmp_path,
        "shell",
        "--no-imports",
        "-c",
        "from django.conf import settings; print(settings.INTERCEPT_HOSTS, settings.PASS_THROUGH_HOSTS)",
        INTERCEPT_HOSTS="*.GoogleAPIs.com,[::1]:9000",
        PASS_THROUGH_HOSTS="oauth2.googleapis.com:8443",
    )
    assert done.stdout.strip() == "['*.googleapis.com:443', '[::1]:9000'] ['oauth2.googleapis.com:8443']", (
        done.stderr
    )
