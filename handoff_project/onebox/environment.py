"""The virtual environment: made once, brought to the lock, then left alone without any network."""

import contextlib
import fcntl
import hashlib
import importlib.util
import os
import re
import subprocess
import sys
from collections.abc import Iterator

from .layout import DEV_LOCK, PYTHON, ROOT, RUNTIME_LOCK, VENV, tool
from .problems import Problem, say

# Resolves and installs; pip does the same ten times slower where this one cannot be had.
UV = "uv==0.13.9"
_STAMP = VENV / "handoff-lock"


def ensure(*, dev: bool) -> None:
    """Make the environment hold the locked packages; `dev` adds the tools for tests and checks."""
    if holds(dev=dev):
        return
    with _one_at_a_time():
        if holds(dev=dev):  # Another command made it while this one waited.
            return
        # An environment with the tools stays one when only the lock has changed.
        dev = dev or (_is_usable() and _STAMP.read_text().startswith("dev "))
        if not _is_usable():
            _create()
        _STAMP.write_text("unfinished")
        _install(DEV_LOCK if dev else RUNTIME_LOCK)
        _STAMP.write_text(_stamp(dev))


def ensure_uv() -> str:
    """Return the path of a uv inside the environment, whatever else the environment holds."""
    with _one_at_a_time():
        if not _is_usable():
            _create()
            _STAMP.write_text("unfinished")
        if not _uv_is_there():
            raise Problem("uv could not be installed into .venv; is the package index reachable?")
    return tool("uv")


def _stamp(dev: bool) -> str:
    lock = DEV_LOCK if dev else RUNTIME_LOCK
    digest = hashlib.sha256(lock.read_bytes()).hexdigest()
    # The path, because a copied or moved environment still points to its old place.
    return f"{'dev' if dev else 'runtime'} {digest} {VENV}"


def holds(*, dev: bool) -> bool:
    """Whether the environment has every locked package already."""
    if not _is_usable():
        return False
    return _STAMP.read_text() in ([_stamp(True)] if dev else [_stamp(False), _stamp(True)])


def _is_usable() -> bool:
    """Whether there is an environment of ours at this place whose Python is still there."""
    if not (PYTHON.exists() and _STAMP.exists()):
        return False
    text = _STAMP.read_text()
    return text == "unfinished" or text.endswith(f" {VENV}")


@contextlib.contextmanager
def _one_at_a_time() -> Iterator[None]:
    if not os.access(ROOT, os.W_OK):
        raise PermissionError(13, "Permission denied", str(ROOT))
    folder = os.open(ROOT, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def _create() -> None:
    if not (importlib.util.find_spec("venv") and importlib.util.find_spec("ensurepip")):
        raise Problem(
            "This Python cannot make virtual environments; on Debian and Ubuntu,"
            " `apt install python3-venv` adds what is missing."
        )
    say("Making the virtual environment .venv ...")
    made = _quietly([sys.executable, "-m", "venv", "--clear", str(VENV)])
    if made.returncode:
        raise Problem(f"The virtual environment could not be made ({_last_line(made)}).")


def _install(lock: os.PathLike[str]) -> None:
    """Install what `lock` names. uv removes the rest; pip, when it must step in, only adds."""
    say(f"Installing the packages of {os.path.basename(lock)} ...")
    if _uv_is_there():
        sync = [tool("uv"), "pip", "sync", "--python", str(PYTHON), "--require-hashes", str(lock)]
        if _quietly(sync).returncode == 0:
            return
    pip = [str(PYTHON), "-m", "pip", "install", "--retries", "1", "--require-hashes"]
    installed = _quietly([*pip, "-r", str(lock)])
    if installed.returncode:
        raise Problem(
            f"The packages could not be installed ({_last_line(installed)});"
            " is the package index reachable?"
        )


def _uv_is_there() -> bool:
    wanted = UV.partition("==")[2]
    with contextlib.suppress(OSError):
        if _quietly([tool("uv"), "--version"]).stdout.startswith(f"uv {wanted}"):
            return True
    pip = [str(PYTHON), "-m", "pip", "install", "--retries", "1", UV]
    return _quietly(pip).returncode == 0


def _quietly(command: list[str]) -> subprocess.CompletedProcess[str]:
    """Run `command` in the project and return it with its output as text in `stdout`."""
    env = {**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1", **_package_index(command)}
    return subprocess.run(
        command,
        cwd=ROOT,
        env=env,
        check=False,
        text=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


def _package_index(command: list[str]) -> dict[str, str]:
    """Give uv the index that pip is configured for: uv does not read pip's settings."""
    if command[0] != tool("uv") or "UV_DEFAULT_INDEX" in os.environ or "pip" not in command:
        return {}
    settings = _quietly([str(PYTHON), "-m", "pip", "config", "list"]).stdout
    found = re.findall(r"^(?:global|install|:env:)\.index-url='(.+)'$", settings, re.MULTILINE)
    return {"UV_DEFAULT_INDEX": found[-1]} if found else {}


def _last_line(done: subprocess.CompletedProcess[str]) -> str:
    lines = [line.strip() for line in done.stdout.splitlines() if line.strip()]
    return lines[-1].rstrip(".") if lines else f"exit code {done.returncode}"
