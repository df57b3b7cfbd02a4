"""The embedded PostgreSQL: unmodified programs from a package, in the foreground, on a socket."""

import contextlib
import locale
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

from . import accounts
from .locks import Lock
from .problems import Problem, say
from .processes import Process, StopSwitch, dies_with_us

NAME = "handoff"  # of the role and of the database
_PLAIN = {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}
# Lost on a crash of the machine, which only throw-away data can afford.
_FAST = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}


class Postgres:
    """One server on the cluster of data folder `home`, with its socket in `sockets`."""

    def __init__(self, home: Path, sockets: Path, *, durable: bool) -> None:
        self.home, self.sockets, self.durable = home, sockets, durable
        self.log = home / "postgres.log"
        self.url = f"postgres://{NAME}@/{NAME}?host={sockets}"
        self._process: Process | None = None
        self._lock: Lock | None = None

    def start(self, switch: StopSwitch) -> None:
        """Make the cluster if there is none, start the server and wait until it answers."""
        account = accounts.server_account()
        programs = accounts.binaries(account)
        data = accounts.data_place(self.home, account)
        self.sockets.mkdir(mode=0o700, exist_ok=True)
        accounts.hand_over(self.sockets, account)
        if data.parent != self.home.resolve():  # A copied data folder leads to the same place.
            self._lock = Lock(data.with_name("lock"))
            self._lock.take_or_complain("PostgreSQL of " + str(self.home))
        if not data.exists():
            say("Making the database ..." if self.durable else "Making a throw-away database ...")
            self._make_cluster(programs, data)
        _refuse_another_major(programs, data)
        _end_orphan(data)
        self.log.unlink(missing_ok=True)
        self._process = Process(
            "postgres",
            [str(programs / "postgres"), "-D", str(data), *self._options()],
            env=_PLAIN,
            cwd=Path("/"),
            log=self.log,
            account=account,
            stop_with=signal.SIGINT,  # "fast": ends sessions, keeps every commit
            force_with=signal.SIGQUIT,  # "immediate": the next start recovers
            on_our_death=signal.SIGINT,
            patience=30,
        )
        self._process.start()
        self._await_ready(data, switch)

    def _options(self) -> list[str]:
        options = {
            "listen_addresses": "",
            "unix_socket_directories": str(self.sockets),
            "unix_socket_permissions": "0700",
            "max_connections": "100" if self.durable else "200",
            "logging_collector": "off",
        }
        if not self.durable:
            options |= _FAST
        return [word for key, value in options.items() for word in ("-c", f"{key}={value}")]

    def _make_cluster(self, programs: Path, data: Path) -> None:
        """Make cluster and database beside `data` and move them there whole."""
        account = accounts.server_account()
        draft = data.with_name(f"{data.name}.new")
        shutil.rmtree(draft, ignore_errors=True)  # An earlier try was killed half-way.
        draft.mkdir(mode=0o700)
        accounts.hand_over(draft, account)
        initdb = [str(programs / "initdb"), "-D", str(draft), "-U", NAME, "--auth=trust"]
        initdb += ["--encoding=UTF8", "--locale=C", f"--lc-ctype={_character_type()}"]
        # The server's own sort order, the same on every system.
        initdb += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        self._run_once(initdb if self.durable else [*initdb, "--no-sync"], "")
        single = [str(programs / "postgres"), "--single", "-D", str(draft), "postgres"]
        self._run_once(single, f"CREATE DATABASE {NAME};\n")
        draft.rename(data)

    def _run_once(self, command: list[str], text: str) -> None:
        account = accounts.server_account()
        identity = {}
        if account:
            identity = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
        done = subprocess.run(
            command,
            env=_PLAIN,
            cwd="/",
            input=text.encode(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
            start_new_session=True,
            preexec_fn=dies_with_us(signal.SIGKILL),
            **identity,  # type: ignore[call-overload]
        )
        if done.returncode:
            self.log.write_bytes(done.stdout)
            raise Problem(f"The database could not be made ({last_words(self.log)}).")

    def _await_ready(self, data: Path, switch: StopSwitch) -> None:
        slow = time.monotonic() + 10
        while not is_ready(data):
            if self.is_dead:
                raise Problem(f"PostgreSQL did not start ({last_words(self.log)}); see {self.log}.")
            if slow and time.monotonic() > slow:
                say("PostgreSQL is still starting; after a crash it first repairs its files ...")
                slow = 0.0
            switch.pause(0.02)

    @property
    def is_dead(self) -> bool:
        return self._process is None or self._process.exit_code is not None

    def stop(self, switch: StopSwitch) -> None:
        if self._process:
            self._process.stop(switch)
        if self._lock:
            self._lock.release()


def is_ready(data: Path) -> bool:
    """Whether the cluster's server accepts connections, by what it writes into its own folder."""
    lines = _pid_file(data)
    return len(lines) > 7 and lines[7].strip() == "ready" and _is_postgres(int(lines[0]))


def last_words(log: Path) -> str:
    """Return the last line of a log that says something, without its time and full stop."""
    with contextlib.suppress(OSError):
        lines = [line for line in log.read_text(errors="replace").splitlines() if line.strip()]
        telling = [line for line in lines if "FATAL:" in line or "error:" in line] or lines
        if telling:
            return telling[-1].rpartition("FATAL:")[2].strip().rstrip(".")
    return "it said nothing"


def _pid_file(data: Path) -> list[str]:
    with contextlib.suppress(OSError):
        lines = (data / "postmaster.pid").read_text().splitlines()
        if lines and lines[0].strip().isdecimal():
            return lines
    return []


def _is_postgres(pid: int) -> bool:
    """Whether process `pid` lives and is a PostgreSQL server."""
    stat = Path(f"/proc/{pid}/stat")
    if Path("/proc/self").exists():
        with contextlib.suppress(OSError):
            _, _, rest = stat.read_text().partition("(")
            name, _, state = rest.rpartition(") ")
            return name == "postgres" and not state.startswith("Z")
        return False
    command = ["ps", "-o", "comm=", "-p", str(pid)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout.strip().endswith("postgres")


def _end_orphan(data: Path) -> None:
    """End the server that a killed Handoff left, and the sign of one that is gone.

    The folder's lock is ours, so no living Handoff can own what is still there.
    """
    lines = _pid_file(data)
    if not lines:
        return
    pid = int(lines[0])
    if not _is_postgres(pid):
        (data / "postmaster.pid").unlink(missing_ok=True)
        return
    for number, seconds in ((signal.SIGINT, 30), (signal.SIGQUIT, 10)):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if not _is_postgres(pid):
                return
            time.sleep(0.05)
    raise Problem(f"An earlier PostgreSQL (process {pid}) on {data} does not end; stop it first.")


def _refuse_another_major(programs: Path, data: Path) -> None:
    """Raise Problem when the cluster was made by another major version of PostgreSQL."""
    command = [str(programs / "postgres"), "--version"]
    release = subprocess.run(command, capture_output=True, text=True, check=True, env=_PLAIN)
    ours = release.stdout.split()[-1].partition(".")[0]
    theirs = (data / "PG_VERSION").read_text().strip()
    if ours != theirs:
        raise Problem(
            f"{data} was made by PostgreSQL {theirs}, and this is {ours}: dump it with the old"
            " version and load it into a new data folder (docs/operations.md)."
        )


def _character_type() -> str:
    """Return a UTF-8 locale of this system: it tells pg_trgm which characters make a word."""
    before = locale.setlocale(locale.LC_CTYPE)
    try:
        for name in ("C.UTF-8", "en_US.UTF-8", "UTF-8"):
            with contextlib.suppress(locale.Error):
                locale.setlocale(locale.LC_CTYPE, name)
                return name
    finally:
        locale.setlocale(locale.LC_CTYPE, before)
    return "C"
