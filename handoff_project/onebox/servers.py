"""The servers that no URL names: kept in the data folder, or thrown away after a test run."""

import contextlib
import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from . import postgres
from .locks import Lock, guest, guests_remain
from .postgres import Postgres
from .problems import Problem
from .processes import StopSwitch
from .valkey import Valkey, answers

# A socket's path must stay under 104 bytes, which a temporary folder of macOS nearly uses up.
_SHORT = "/tmp"


class Servers:
    """PostgreSQL unless `environ` has DATABASE_URL, Valkey unless it has CELERY_BROKER_URL."""

    def __init__(self, home: Path, sockets: Path, environ: Mapping[str, str], *, durable: bool):
        self.sockets = sockets
        self.running: dict[str, Postgres | Valkey] = {}
        if not environ.get("DATABASE_URL"):
            self.running["DATABASE_URL"] = Postgres(home, sockets / "postgres", durable=durable)
        if not environ.get("CELERY_BROKER_URL"):
            self.running["CELERY_BROKER_URL"] = Valkey(
                home, sockets / "valkey.sock", durable=durable
            )

    @property
    def urls(self) -> dict[str, str]:
        """The variables that lead to them."""
        return {variable: server.url for variable, server in self.running.items()}

    @property
    def shell_hints(self) -> dict[str, str]:
        """What `manage.py dbshell` needs besides: it does not hand a socket's folder to psql."""
        return {"PGHOST": str(self.sockets / "postgres")} if "DATABASE_URL" in self.running else {}

    def dead(self) -> list[str]:
        """The logs of those that ended by themselves."""
        return [str(server.log) for server in self.running.values() if server.is_dead]

    @contextlib.contextmanager
    def started(self, switch: StopSwitch) -> Iterator["Servers"]:
        """Start them; stop them at the end of the block, the database last."""
        with contextlib.ExitStack() as stops:
            if self.running:
                _make_private(self.sockets)
                stops.callback(shutil.rmtree, self.sockets, ignore_errors=True)
            for server in self.running.values():
                stops.callback(server.stop, switch)
                server.start(switch)
            yield self


def lock_of(data: Path) -> Lock:
    """Return the lock that whoever runs the servers of data folder `data` holds."""
    return Lock(data / "lock")


def lasting(data: Path, environ: Mapping[str, str]) -> Servers:
    """Return the servers of data folder `data`. Start them only with its lock held."""
    return Servers(data, _socket_folder(data), environ, durable=True)


@contextlib.contextmanager
def shared(data: Path, environ: Mapping[str, str], switch: StopSwitch) -> Iterator[Servers]:
    """Use the servers that another command runs on `data`, or run them for the block."""
    lock, guests = lock_of(data), data / "guests"
    with contextlib.ExitStack() as visit:
        visit.enter_context(guest(guests))
        servers = lasting(data, environ)
        until = time.monotonic() + 60
        while not lock.take("make manage"):
            if _all_answer(data, servers):
                yield servers
                return
            if time.monotonic() > until:
                raise Problem(f"The servers of {data} do not answer; stop `make run` first.")
            switch.pause(0.1)
    try:
        with servers.started(switch):
            yield servers
            # Others may have come meanwhile: the first to come is the last to go.
            while guests_remain(guests) and not switch.requests:
                time.sleep(0.1)
    finally:
        lock.release()


@contextlib.contextmanager
def throw_away(environ: Mapping[str, str], switch: StopSwitch) -> Iterator[tuple[Path, Servers]]:
    """Run fast servers on a new folder; remove everything at the end of the block."""
    _remove_abandoned()
    home = Path(tempfile.mkdtemp(prefix="handoff-test-", dir=_SHORT))
    lock = Lock(home / "lock")
    lock.take("test")
    try:
        home.chmod(0o711 if os.geteuid() == 0 else 0o700)
        servers = Servers(home, home / "sockets", environ, durable=False)
        with servers.started(switch):
            yield home, servers
    finally:
        shutil.rmtree(home, ignore_errors=True)
        lock.release()


def _remove_abandoned() -> None:
    """Remove what killed test runs left: their folders, whose locks nobody holds any more."""
    for home in Path(_SHORT).glob("handoff-test-*"):
        with contextlib.suppress(OSError):
            lock = Lock(home / "lock")
            old = time.time() - home.stat().st_mtime > 60  # seconds; a young one is being made
            if old and home.stat().st_uid == os.geteuid() and lock.take("removal"):
                shutil.rmtree(home, ignore_errors=True)
                lock.release()


def _socket_folder(data: Path) -> Path:
    """Return the short folder for the sockets of `data`, the same every time."""
    digest = hashlib.sha256(os.fsencode(data.resolve())).hexdigest()[:8]
    return Path(_SHORT) / f"handoff-{data.stat().st_uid}-{digest}"


def _make_private(folder: Path) -> None:
    """Make a folder that only we, and whom root starts as `nobody`, may enter."""
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    found = folder.lstat()
    # Anybody may write in /tmp: a folder or link that somebody else put there is not ours.
    if folder.is_symlink() or not folder.is_dir() or found.st_uid != os.geteuid():
        raise Problem(f"{folder} belongs to somebody else; remove it or set HANDOFF_DATA_DIR.")
    folder.chmod(0o711 if os.geteuid() == 0 else 0o700)


def _all_answer(data: Path, servers: Servers) -> bool:
    for server in servers.running.values():
        if isinstance(server, Valkey) and not answers(server.path):
            return False
        if isinstance(server, Postgres) and not postgres.is_ready((data / "postgres").resolve()):
            return False
    return True
