"""The product's own processes for a bench, which see the bench's schema and nothing else."""

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote, urlencode, urlsplit, urlunsplit

from django.conf import settings
from django.db import connection

from handoff_project.demo.benches import NotMeasurable

ROOT = Path(__file__).resolve().parents[2]
STARTING = 30  # seconds that a process may take to start
# What a worker does with `score_pending`, of which beat reminds it every second.
SCORE = (
    "import django; django.setup()\n"
    "from leads.tasks import score_pending\n"
    "while True: score_pending()"
)


@contextmanager
def running(*arguments, **options):
    """Run Python with these arguments while the block lasts, on the schema of this connection."""
    process = start(*arguments, **options)
    try:
        yield process
    finally:
        end(process)


def start(*arguments, **options):
    """Start Python with these arguments on the schema of this connection; return the process."""
    return subprocess.Popen(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=_environment(),
        start_new_session=True,
        **options,
    )


def end(process):
    """Kill the process with all that it started, and wait for it."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


@contextmanager
def web(*, workers=2, threads=8):
    """Run web processes as docs/operations.md advises; give the port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    options = ["--workers", str(workers), "--threads", str(threads), "--no-control-socket"]
    options += ["--bind", f"127.0.0.1:{port}", "--log-level", "warning"]
    with running("-m", "gunicorn", "handoff_project.wsgi", *options) as process:
        ends = time.monotonic() + STARTING
        while not _listens(port):
            if process.poll() is not None or time.monotonic() > ends:
                raise NotMeasurable("The web process did not start; see above.")
            time.sleep(0.05)
        yield port


def _listens(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _environment():
    """Ours, with the address of this connection's database and its options."""
    now = connection.settings_dict
    parts = urlsplit(os.environ["DATABASE_URL"])
    asked = urlencode({"options": now["OPTIONS"]["options"]}, quote_via=quote)
    address = parts._replace(
        path=f"/{now['NAME']}", query="&".join(filter(None, [parts.query, asked]))
    )
    return os.environ | {
        "DATABASE_URL": urlunsplit(address),
        "DJANGO_SETTINGS_MODULE": os.environ.get(
            "DJANGO_SETTINGS_MODULE", settings.SETTINGS_MODULE
        ),
        "SECRET_KEY": settings.SECRET_KEY,
    }
