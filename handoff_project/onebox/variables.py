"""The variables that the project's processes get: the caller's, `.env`'s and our own."""

import os
import re
import secrets
from collections.abc import Mapping
from pathlib import Path

from .layout import ROOT
from .problems import Problem

_LINE = re.compile(r"(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*)")


def parse_dotenv(text: str, *, name: str = ".env") -> dict[str, str]:
    """Read KEY=VALUE lines. Blank lines and lines that start with # are skipped, a pair of
    quotes around a value is taken off, nothing is expanded. Raise Problem naming the bad line.
    """
    values = {}
    for number, line in enumerate(text.splitlines(), start=1):
        stripped = line.strip()
        if not stripped or stripped.startswith("#"):
            continue
        match = _LINE.fullmatch(stripped)
        if not match:
            raise Problem(f"Line {number} of {name} is not KEY=VALUE.")
        key, value = match.groups()
        if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'":
            value = value[1:-1]
        values[key] = value
    return values


def dotenv(path: Path = ROOT / ".env") -> dict[str, str]:
    """Return what the file sets to something; no file, and empty values, set nothing."""
    if not path.exists():
        return {}
    values = parse_dotenv(path.read_text(encoding="utf-8"), name=path.name)
    return {key: value for key, value in values.items() if value}


def merged(environ: Mapping[str, str], more: Mapping[str, str]) -> dict[str, str]:
    """Add `more` below `environ`: what the caller really set wins, even set to nothing."""
    return {**more, **environ}


def data_folder(environ: Mapping[str, str]) -> Path:
    """Return the folder that keeps everything Handoff stores on this machine, making it."""
    # An absolute path replaces ROOT here, a relative one counts from it.
    folder = ROOT / (environ.get("HANDOFF_DATA_DIR", "").strip() or ".data")
    if not folder.exists():
        folder.mkdir(parents=True)
        # The embedded PostgreSQL of root runs as another user, who must reach its own folder.
        folder.chmod(0o711 if os.geteuid() == 0 else 0o700)
    if not folder.is_dir():
        raise Problem(f"The data folder {folder} is a file; set HANDOFF_DATA_DIR to a folder.")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise PermissionError(13, "Permission denied", str(folder))
    return folder


def secret_key(data: Path) -> str:
    """Return the key of this data folder, made once. Losing it logs everybody out."""
    path = data / "secret-key"
    if not path.exists():
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(50))
    return path.read_text().strip()


def port(environ: Mapping[str, str]) -> int:
    """Return the TCP port of the web server."""
    text = environ.get("HANDOFF_PORT", "") or "8000"
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise Problem(f"HANDOFF_PORT must be a number from 1 to 65535, not {text!r}.")
    return int(text)
