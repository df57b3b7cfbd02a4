"""Handoff itself: the web server, the worker and beat, started in order and kept alive."""

import contextlib
import errno
import http.client
import signal
import socket
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from .layout import ONEBOX, PYTHON
from .problems import Problem, say
from .processes import Process, StopSwitch
from .servers import Servers

HOST = "127.0.0.1"
_EXPLAINED = 3  # how prepare.py ends when its answer is a sentence about what went wrong
_LIVE_WITHIN = 120  # seconds until the web server must answer
_HEALTHY_AFTER = 60  # seconds after which a process starts with a clean slate
_LONGEST_PAUSE = 30  # seconds between two tries to start a process again


def refuse_taken_port(port: int, *, patience: float) -> None:
    """Raise Problem when the web server cannot listen on `port` within `patience` seconds."""
    until = time.monotonic() + patience
    while error := _bind_error(port):
        if time.monotonic() > until:
            why = "is already in use" if error == errno.EADDRINUSE else "may not be used"
            raise Problem(
                f"Port {port} {why}; choose another one, for example"
                f" `make run HANDOFF_PORT={port + 1 if port > 1023 else 8000}`."
            )
        time.sleep(0.1)


def _bind_error(port: int) -> int | None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            return error.errno
    return None


class Site:
    """The processes of one Handoff on this machine."""

    def __init__(self, environ: Mapping[str, str], data: Path, servers: Servers) -> None:
        self.environ, self.data, self.servers = environ, data, servers
        self.port = int(environ["HANDOFF_PORT"])
        self._tries: dict[str, int] = {}
        self._due: dict[str, float] = {}

    def run(self, switch: StopSwitch) -> None:
        """Start everything, then watch it. Ends by Stopped, or by Problem when web dies."""
        logins = self._prepare(switch)
        web, worker, beat = self._web(), self._worker(), self._beat()
        with contextlib.ExitStack() as stops:
            for process in (web, worker, beat):
                stops.callback(process.stop, switch)
            stops.callback(say, "Stopping ...")
            web.start()
            self._await_answer(web, switch)
            worker.start()
            beat.start()
            say(f"\nHandoff runs on http://{HOST}:{self.port}\n{logins}\nCtrl-C stops it.\n")
            while True:
                self._check_essentials(web)
                for process in (worker, beat):
                    self._keep_alive(process)
                switch.pause(0.2)

    def _prepare(self, switch: StopSwitch) -> str:
        """Bring the database up to date; return what to tell about logging in."""
        say("Bringing the database up to date ...")
        with tempfile.TemporaryFile() as answer:
            script = [str(PYTHON), "-P", str(ONEBOX / "prepare.py"), str(answer.fileno())]
            process = Process("setup", script, env=self._python(), keep=[answer.fileno()])
            process.start()
            try:
                code = process.wait(switch)
            finally:
                process.stop(switch)
            answer.seek(0)
            words = answer.read().decode().strip()
        if code == _EXPLAINED:
            raise Problem(words)
        if code:
            raise Problem("The database could not be prepared; the lines above say why.")
        return words

    def _await_answer(self, web: Process, switch: StopSwitch) -> None:
        until = time.monotonic() + _LIVE_WITHIN
        while not _is_live(self.port):
            self._check_essentials(web)
            if time.monotonic() > until:
                raise Problem(f"The web server did not answer within {_LIVE_WITHIN} seconds.")
            switch.pause(0.1)

    def _check_essentials(self, web: Process) -> None:
        if web.exit_code is not None:
            raise Problem("The web server ended by itself; the lines above say why.")
        for log in self.servers.dead():
            raise Problem(f"A server ended by itself; {log} says why.")

    def _keep_alive(self, process: Process) -> None:
        """Start `process` again when it died, later each time it does so soon again."""
        now, name = time.monotonic(), process.name
        if process.exit_code is None:
            if now - process.started_at > _HEALTHY_AFTER:
                self._tries[name] = 0
            return
        if name not in self._due:
            process.sweep()
            tries = self._tries[name] = self._tries.get(name, 0) + 1
            pause = min(2 ** (tries - 1), _LONGEST_PAUSE)
            self._due[name] = now + pause
            say(f"{name:<8} | ended with {process.exit_code}; starting again in {pause} s")
        elif now >= self._due[name]:
            del self._due[name]
            process.start()

    def _python(self) -> dict[str, str]:
        return {**self.environ, "PYTHONUNBUFFERED": "1"}

    def _web(self) -> Process:
        command = [str(PYTHON), "-m", "gunicorn", "handoff_project.wsgi", "--workers", "1"]
        command += ["--threads", "8", "--bind", f"{HOST}:{self.port}", "--log-level", "warning"]
        # Its control socket would lie in the user's home, one for all of them.
        command += ["--graceful-timeout", "5", "--no-control-socket"]
        return Process("web", command, env=self._python(), on_our_death=signal.SIGQUIT)

    def _worker(self) -> Process:
        return self._celery("worker", "--concurrency", "3", patience=7)

    def _beat(self) -> Process:
        return self._celery("beat", "--schedule", str(self.data / "beat-schedule"), patience=5)

    def _celery(self, role: str, *options: str, patience: float) -> Process:
        # In a container root is the only user there is, and tasks are JSON, which is safe for it.
        command = [str(PYTHON), "-W", "ignore:You're running the worker with superuser"]
        command += ["-m", "celery", "--quiet", "-A", "handoff_project", role, *options]
        command += ["--loglevel", "WARNING"]
        # Our death is the broker's too, for which a slower end would wait. Unfinished tasks are
        # handed out again, and the pool's processes go with the worker.
        last = signal.SIGKILL
        return Process(role, command, env=self._python(), patience=patience, on_our_death=last)


def _is_live(port: int) -> bool:
    try:
        link = http.client.HTTPConnection(HOST, port, timeout=5)
        link.request("GET", "/livez")
        # As in production it may refuse our host name, which is an answer too.
        return link.getresponse().status < http.HTTPStatus.INTERNAL_SERVER_ERROR
    except (OSError, http.client.HTTPException):
        return False
