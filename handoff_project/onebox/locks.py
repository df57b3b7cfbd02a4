"""One owner per folder: locks that the kernel drops when their holder dies, however it dies."""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from .problems import Problem


class Lock:
    """An exclusive lock on `path`, a file that also tells who holds it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.was_abandoned = False  # by a holder that was killed
        self._file: int | None = None

    def take(self, purpose: str) -> bool:
        """Take it for `purpose` and return True, or return False when somebody else has it."""
        file = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(file)
            return False
        self.was_abandoned = bool(os.read(file, 1))
        os.truncate(file, 0)
        os.lseek(file, 0, os.SEEK_SET)
        os.write(file, f"{purpose} (process {os.getpid()})".encode())
        self._file = file
        return True

    def take_or_complain(self, purpose: str) -> None:
        if not self.take(purpose):
            holder = self.path.read_text() or "another command"
            raise Problem(f"Handoff already runs on {self.path.parent}: {holder}.")

    @contextlib.contextmanager
    def held(self, purpose: str) -> Iterator["Lock"]:
        """Hold it for the block; Problem when somebody else does."""
        self.take_or_complain(purpose)
        try:
            yield self
        finally:
            self.release()

    def release(self) -> None:
        if self._file is not None:
            os.truncate(self._file, 0)
            os.close(self._file)
            self._file = None


@contextlib.contextmanager
def guest(path: Path) -> Iterator[None]:
    """Count as a user of the servers whose guest list is `path`, until the end of the block."""
    file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(file, fcntl.LOCK_SH)
        yield
    finally:
        os.close(file)


def guests_remain(path: Path) -> bool:
    """Whether anybody is in the guest list `path`."""
    file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(file)
    return False
