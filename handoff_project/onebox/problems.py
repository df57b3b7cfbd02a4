"""What can go wrong before Handoff runs, said in one sentence."""

import contextlib
import sys


class Problem(Exception):
    """Something the user can mend. Its text is one sentence that says what and how."""


class Stopped(Exception):
    """Somebody asked Handoff to stop: Ctrl-C or SIGTERM."""


def sentence(error: Exception) -> str:
    """Say in one line what `error` means to the person who typed the command."""
    if isinstance(error, Problem):
        return str(error)
    if isinstance(error, PermissionError):
        return f"No permission to write {error.filename}; use a folder that you own."
    if isinstance(error, OSError):
        where = f": {error.filename}" if error.filename else ""
        return f"{error.strerror or error}{where}."
    raise error


def say(text: str) -> None:
    """Print one line. A terminal that has gone must not keep servers from being stopped."""
    with contextlib.suppress(OSError):
        print(text, flush=True)


def complain(error: Exception) -> int:
    """Print `error` as one sentence and return the exit code that goes with it."""
    text = f"handoff: {sentence(error)}"
    with contextlib.suppress(OSError):
        print(text, file=sys.stderr, flush=True)
    return 1
