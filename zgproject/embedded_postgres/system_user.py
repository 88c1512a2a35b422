"""PostgreSQL refuses to run as root: then it runs as the system user ``pgserver``.

What that changes on the machine, once, and only when we run as root:

- the system user is made if there is none (no home, no login);
- it becomes the owner of the data folder, and of nothing else;
- each folder above the data folder and above the binaries gets the permission to be passed
  through by others (``o+x``, not to be listed or read) where it lacks it, for example
  ``/root``: 0700 becomes 0701;
- the binaries become readable and executable for others where they are not.
"""

import os
import pwd
import shutil
import stat
import subprocess
from functools import cache
from pathlib import Path

NAME = "pgserver"


class NoSystemUser(Exception):
    """There is no unprivileged user to run the server, and none could be made."""


@cache
def system_user() -> pwd.struct_passwd | None:
    """The user that runs the server in our stead; None if we are not root and run it ourselves.

    Raises:
        NoSystemUser: we are root and the user could not be made.
    """
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam(NAME)
    except KeyError:
        pass
    useradd = shutil.which("useradd", path="/usr/sbin:/sbin:/usr/bin:/bin")
    if useradd is None:
        raise NoSystemUser(f"PostgreSQL does not run as root, and there is no useradd to make a user {NAME}")
    made = subprocess.run(
        [useradd, "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", NAME],
        capture_output=True,
        text=True,
        check=False,
    )
    try:
        return pwd.getpwnam(NAME)  # also if another process was first
    except KeyError:
        raise NoSystemUser(f"useradd could not make the user {NAME}: {made.stderr.strip()}") from None


def give(folder: Path) -> None:
    """Make the server's user the owner of an empty folder, and let it get there."""
    user = system_user()
    if user is not None:
        os.chown(folder, user.pw_uid, user.pw_gid)
        let_reach(folder)


def let_reach(folder: Path) -> None:
    """Let the server's user get to its folder."""
    if system_user() is not None:
        _let_through(folder.parent)


def let_execute(binaries: Path) -> None:
    """Let the server's user run the programs in ``binaries`` (``…/bin``) with the files beside it."""
    if system_user() is None:
        return
    _let_through(binaries.parent.parent)
    if _mode(binaries / "postgres") & stat.S_IXOTH and _mode(binaries.parent) & stat.S_IXOTH:
        return
    for folder, _, files in os.walk(binaries.parent):
        os.chmod(folder, _mode(Path(folder)) | 0o055)
        for name in files:
            path = Path(folder, name)
            mode = _mode(path)
            os.chmod(path, mode | (0o055 if mode & stat.S_IXUSR else 0o044))


def _let_through(folder: Path) -> None:
    for each in [folder, *folder.parents]:
        mode = _mode(each)
        if not mode & stat.S_IXOTH:
            os.chmod(each, mode | stat.S_IXOTH)


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)
