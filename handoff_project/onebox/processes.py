"""Child processes: started in the order asked for, heard, and stopped without leftovers."""

import contextlib
import ctypes
import os
import pwd
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import IO

from .layout import ROOT
from .problems import Stopped, say

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


class StopSwitch:
    """Counts the requests to stop. The first one ends the next pause, the second one hurries."""

    def __init__(self) -> None:
        self.requests: list[int] = []

    def __enter__(self) -> "StopSwitch":
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._note)
        return self

    def __exit__(self, *exc: object) -> None:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL)

    def _note(self, number: int, frame: FrameType | None) -> None:
        self.requests.append(number)

    @property
    def forced(self) -> bool:
        return len(self.requests) > 1

    def check(self) -> None:
        """Raise Stopped when somebody asked to stop."""
        if self.requests:
            raise Stopped

    def pause(self, seconds: float) -> None:
        """Sleep, unless a request to stop is there or comes."""
        self.check()
        time.sleep(seconds)
        self.check()


def dies_with_us(number: int) -> Callable[[], None] | None:
    """Return what a child runs first, so that it gets signal `number` when we are killed.

    It makes two system calls and takes no lock, so the threads that listen cannot block it.
    """
    if _libc is None:
        return None
    libc, parent = _libc, os.getpid()

    def ask_the_kernel() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, number)
        if os.getppid() != parent:  # We died before the request was made.
            os._exit(1)

    return ask_the_kernel


class Process:
    """One child in a session of its own: Ctrl-C reaches only us, and we choose the order.

    Its output goes to `log`, or else to our own output with its name before each line.
    `keep` are file descriptors it inherits. `stop_with` asks it to end; after `patience`
    seconds `force_with` makes it.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        env: Mapping[str, str],
        cwd: Path = ROOT,
        log: Path | None = None,
        account: pwd.struct_passwd | None = None,
        stop_with: int = signal.SIGTERM,
        force_with: int = signal.SIGKILL,
        on_our_death: int = signal.SIGTERM,
        patience: float = 10,
        keep: Sequence[int] = (),
    ) -> None:
        self.name, self.command, self.env, self.cwd = name, command, env, cwd
        self.log, self.account = log, account
        self.stop_with, self.force_with, self.on_our_death = stop_with, force_with, on_our_death
        self.patience, self.keep = patience, keep
        self.started_at = 0.0
        self._child: subprocess.Popen[bytes] | None = None
        self._listener: threading.Thread | None = None

    def start(self) -> None:
        identity = {}
        if self.account:
            uid, gid = self.account.pw_uid, self.account.pw_gid
            identity = {"user": uid, "group": gid, "extra_groups": []}
        with contextlib.ExitStack() as files:
            out = files.enter_context(self.log.open("ab")) if self.log else subprocess.PIPE
            self._child = subprocess.Popen(
                self.command,
                env=self.env,
                cwd=self.cwd,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                pass_fds=self.keep,
                preexec_fn=dies_with_us(self.on_our_death),  # noqa: PLW1509
                **identity,  # type: ignore[call-overload]
            )
        self.started_at = time.monotonic()
        if self._child.stdout:
            self._listener = threading.Thread(target=self._relay, args=[self._child.stdout])
            self._listener.start()

    def _relay(self, lines: IO[bytes]) -> None:
        for line in lines:
            say(f"{self.name:<8} | {line.decode(errors='replace').rstrip()}")

    @property
    def exit_code(self) -> int | None:
        """The exit code, or None while it runs."""
        return self._child.poll() if self._child else None

    def wait(self, switch: StopSwitch) -> int:
        """Wait for the end and return the exit code. A request to stop raises Stopped."""
        while self.exit_code is None:
            switch.pause(0.05)
        self.sweep()
        return self.exit_code or 0

    def stop(self, switch: StopSwitch) -> None:
        """End it and everything it left behind. Does nothing to one that never started."""
        if self._child is None:
            return
        if self.exit_code is None and not switch.forced:
            self._child.send_signal(self.stop_with)
            self._await_end(self.patience, switch)
        if self.exit_code is None:
            self._child.send_signal(self.force_with)
            self._await_end(5, None)
        self.sweep()

    def _await_end(self, seconds: float, switch: StopSwitch | None) -> None:
        until = time.monotonic() + seconds
        while self.exit_code is None and time.monotonic() < until:
            if switch and switch.forced:
                return
            time.sleep(0.02)

    def sweep(self) -> None:
        """Kill what is left of its session's first group, then hear its last words."""
        if self._child is None:
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._child.pid, signal.SIGKILL)
        self._child.wait()
        if self._listener:
            self._listener.join(timeout=5)


def foreground(
    command: Sequence[str], *, env: Mapping[str, str], switch: StopSwitch, stop_with: int
) -> int:
    """Run `command` on our own terminal and return its exit code.

    Ctrl-C reaches it from the terminal; a SIGTERM sent only to us is handed on as `stop_with`.
    """
    last_wish = dies_with_us(signal.SIGTERM)
    child = subprocess.Popen(command, cwd=ROOT, env=dict(env), preexec_fn=last_wish)  # noqa: PLW1509
    handed_on = 0
    while child.poll() is None:
        time.sleep(0.02)
        for number in switch.requests[handed_on:]:
            handed_on += 1
            if number != signal.SIGINT:
                child.send_signal(stop_with if handed_on == 1 else signal.SIGKILL)
    # A child that a signal ended counts as the shell counts it.
    return child.returncode if child.returncode >= 0 else 128 - child.returncode
