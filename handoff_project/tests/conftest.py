"""The product as it runs: real web, worker and beat processes on the test database."""

import http.client
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest
import requests
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.db import connection

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 30


def eventually(question, seconds=15, every=0.05):
    """Ask until the answer is true and return it; fail after `seconds`."""
    ends = time.monotonic() + seconds
    while True:
        answer = question()
        if answer:
            return answer
        assert time.monotonic() < ends, f"Still waiting after {seconds} s: {question}"
        time.sleep(every)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Running:
    """Starts and kills the product's processes; `url` is where the web process listens."""

    def __init__(self, stack, folder):
        self.stack, self.folder, self.port = stack, folder, free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        parts = urlsplit(os.environ["DATABASE_URL"])
        name = connection.settings_dict["NAME"]
        self.environment = os.environ | {
            "DATABASE_URL": urlunsplit(parts._replace(path=f"/{name}")),
            # A queue of its own keeps parallel test processes apart on one broker.
            "CELERY_QUEUE": f"test-{secrets.token_hex(6)}",
            "HANDOFF_DATA_DIR": str(folder),
            "HANDOFF_PORT": str(self.port),
            "SECRET_KEY": settings.SECRET_KEY,
        }

    def start(self, *command):
        """Run a Python module with arguments until the test ends; return the process."""
        log = (self.folder / f"{command[0]}.log").open("a")
        process = subprocess.Popen(
            [sys.executable, "-m", *command],
            cwd=ROOT,
            env=self.environment,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        self.stack.callback(log.close)
        self.stack.callback(self.kill, process)
        return process

    def web(self):
        gunicorn = ("gunicorn", "handoff_project.wsgi", "--threads", "8")
        process = self.start(*gunicorn, "--bind", f"127.0.0.1:{self.port}")
        eventually(self._answers, START_SECONDS)
        return process

    def worker(self):
        return self.start("celery", "-A", "handoff_project", "worker", "--concurrency", "2")

    def beat(self):
        schedule = str(self.folder / "beat")
        return self.start("celery", "-A", "handoff_project", "beat", "--schedule", schedule)

    @staticmethod
    def kill(process):
        """SIGKILL the process and whatever it started: no chance to say goodbye."""
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def _answers(self):
        try:
            return requests.get(f"{self.url}/livez", timeout=2).ok
        except (requests.RequestException, http.client.HTTPException):
            return False

    def browser_of(self, user):
        """A logged-in HTTP client of this user, with a CSRF cookie."""
        client = requests.Session()
        client.cookies.set("sessionid", session_of(user), domain="127.0.0.1")
        token = secrets.token_hex(16)
        client.cookies.set("csrftoken", token, domain="127.0.0.1")
        client.headers.update({"X-CSRFToken": token, "Referer": self.url})
        return client

    def sender(self, source):
        """An HTTP client with the source's token."""
        client = requests.Session()
        client.headers["Authorization"] = f"Bearer {source.token}"
        return client


def session_of(user):
    """Log the user in and return the session's key."""
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    return session.session_key


@pytest.fixture
def running(transactional_db, django_db_serialized_rollback, tmp_path):
    """A `Running` on this test's database, whose processes are gone when the test ends."""
    with ExitStack() as stack:
        yield Running(stack, tmp_path)
    with connection.cursor() as cursor:  # those of the killed linger for a moment
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
