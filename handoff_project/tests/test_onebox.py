"""The launcher behind the make targets: what goes wrong is said in one sentence."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest

from handoff_project.onebox import environment, reach, runner, servers, variables
from handoff_project.onebox.layout import ONEBOX, ROOT
from handoff_project.onebox.locks import Lock
from handoff_project.onebox.problems import Problem, sentence
from handoff_project.onebox.processes import Process, StopSwitch
from handoff_project.onebox.valkey import answers
from handoff_project.tests.conftest import eventually

OURS = ("DATABASE_URL", "CELERY_BROKER_URL", "SECRET_KEY", "HANDOFF_PORT", "HANDOFF_DATA_DIR")
PASSWORD = "s3cr3t-pw"


def run(data, **environ):
    """Run `make run`'s command where it is bound to fail; return its exit code and its words."""
    inherited = {key: value for key, value in os.environ.items() if key not in OURS}
    # Given but empty, so that a developer's .env cannot fill them in.
    empty = dict.fromkeys(OURS, "")
    done = subprocess.run(
        [sys.executable, str(ONEBOX), "run"],
        env=inherited | empty | {"HANDOFF_DATA_DIR": str(data)} | environ,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def assert_one_sentence(answer, *, about):
    code, words = answer
    lines = words.splitlines()
    assert code == 1
    assert len(lines) == 1, words
    assert lines[0].startswith("handoff: ") and lines[0].endswith(".")
    assert about in lines[0]
    assert "Traceback" not in words


@pytest.fixture
def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


def test_a_port_in_use_is_named_with_a_way_out(tmp_path):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        answer = run(tmp_path, HANDOFF_PORT=str(port))
    assert_one_sentence(answer, about=f"Port {port} is already in use")


@pytest.mark.parametrize("port", ["web", "0", "70000"])
def test_a_port_that_is_none_is_refused(tmp_path, port):
    assert_one_sentence(run(tmp_path, HANDOFF_PORT=port), about="HANDOFF_PORT")


@pytest.mark.skipif(not environment.holds(dev=False), reason="not the environment of make test")
@pytest.mark.parametrize(
    "url",
    [
        f"postgres://ana:{PASSWORD}@127.0.0.1:1/handoff",
        f"postgres://ana:{PASSWORD}@127.0.0.1:port/handoff",
        f"mysql://ana:{PASSWORD}@127.0.0.1/handoff",
        PASSWORD,
    ],
)
def test_a_broken_database_url_is_explained_without_its_password(tmp_path, free_port, url):
    answer = run(tmp_path, HANDOFF_PORT=free_port, DATABASE_URL=url, CELERY_BROKER_URL="memory://")
    assert_one_sentence(answer, about="DATABASE_URL")
    assert PASSWORD not in answer[1]


def test_a_file_in_the_data_folders_place_is_named(tmp_path):
    file = tmp_path / "data"
    file.write_text("")
    assert_one_sentence(run(file), about=str(file))
    assert_one_sentence(run(file / "below"), about=str(file))


def test_a_folder_that_may_not_be_written_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "access", lambda *_: False)  # To root, every folder is writable.
    with pytest.raises(PermissionError) as refused:
        variables.data_folder({"HANDOFF_DATA_DIR": str(tmp_path)})
    assert sentence(refused.value).startswith(f"No permission to write {tmp_path};")


def test_a_second_start_on_the_same_data_is_refused(tmp_path, free_port):
    with Lock(tmp_path / "lock").held("make run"):
        answer = run(tmp_path, HANDOFF_PORT=free_port)
    assert_one_sentence(answer, about="already runs")


def test_a_lock_remembers_that_its_holder_was_killed(tmp_path):
    path = tmp_path / "lock"
    with Lock(path).held("first") as lock:
        assert not lock.was_abandoned
    with Lock(path).held("second") as lock:
        assert not lock.was_abandoned
    path.write_text("third, who was killed")
    with Lock(path).held("fourth") as lock:
        assert lock.was_abandoned


def test_dotenv_reads_keys_quotes_and_comments():
    text = "# a comment\n\nA=1\nexport B = two words \nC='quoted # not a comment'\nD=x=y\nE=\n"
    read = variables.parse_dotenv(text)
    assert read == {"A": "1", "B": "two words", "C": "quoted # not a comment", "D": "x=y", "E": ""}


def test_dotenv_names_a_bad_line_but_does_not_show_it():
    with pytest.raises(Problem) as refused:
        variables.parse_dotenv(f"A=1\npassword {PASSWORD}\n")
    assert str(refused.value) == "Line 2 of .env is not KEY=VALUE."


def test_what_the_caller_set_wins_over_dotenv():
    assert variables.merged({"A": "caller", "B": ""}, {"A": "file", "B": "file", "C": "file"}) == {
        "A": "caller",
        "B": "",
        "C": "file",
    }


def test_the_secret_key_is_made_once_and_kept_private(tmp_path):
    key = variables.secret_key(tmp_path)
    assert len(key) >= 50
    assert variables.secret_key(tmp_path) == key
    assert (tmp_path / "secret-key").stat().st_mode & 0o777 == 0o600


def test_a_password_is_taken_out_of_a_drivers_words():
    url = "postgres://ana:p%40ss@db/handoff"
    assert reach.without_password("first\nbad password p@ss or p%40ss.\n", url) == (
        "bad password *** or ***"
    )


def test_the_embedded_servers_answer_and_leave_nothing():
    with servers.throw_away({}, StopSwitch()) as (home, running):
        folder = running.urls["DATABASE_URL"].partition("host=")[2]
        with psycopg.connect(dbname="handoff", user="handoff", host=folder) as connection:
            # Letters beyond ASCII must count as letters, or company names match differently.
            connection.execute("CREATE EXTENSION pg_trgm")
            found = connection.execute("SELECT show_trgm('Ü'), lower('Ü')").fetchone()
        assert len(found[0]) == 2 and found[1] == "ü"
        assert answers(home / "sockets" / "valkey.sock")
    assert not home.exists()


def test_urls_of_ones_own_servers_start_none(tmp_path):
    own = {"DATABASE_URL": "postgres://db/handoff", "CELERY_BROKER_URL": "redis://broker/0"}
    assert servers.lasting(tmp_path, own).urls == {}


def test_a_process_is_heard_under_its_name_and_ends_with_what_it_started(capfd):
    script = "trap '' TERM; sleep 600 & echo $!; while :; do sleep 0.05; done"
    process = Process("stubborn", ["sh", "-c", script], env=os.environ, patience=0.2)
    process.start()
    words = ""
    while "\n" not in words:
        time.sleep(0.02)
        words += capfd.readouterr().out
    process.stop(StopSwitch())
    name, _, child = words.strip().partition(" | ")
    assert name == "stubborn"
    assert process.exit_code == -signal.SIGKILL
    # SIGKILL was sent; a busy machine takes a moment to carry it out.
    eventually(lambda: is_gone(child))


def is_gone(pid):
    """Whether a process has ended, be it that nobody has asked for its exit code."""
    try:
        return ") Z " in Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return True


STUBBORN = "trap '' INT TERM QUIT HUP; echo $$; while :; do sleep 0.05; done"
SUPERVISOR = f"""
import os, pathlib, time
from handoff_project.onebox import runner
site = runner.Site({{"HANDOFF_PORT": "8000", **os.environ}}, pathlib.Path("."), None)
for process in (site._worker(), site._beat()):
    process.command = ["sh", "-c", {STUBBORN!r}]
    process.start()
time.sleep(600)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells children of our death")
def test_worker_and_beat_end_at_once_when_their_supervisor_is_killed():
    supervisor = subprocess.Popen(
        [sys.executable, "-u", "-c", SUPERVISOR], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    children = [supervisor.stdout.readline().split()[-1] for _ in ("worker", "beat")]
    supervisor.kill()
    supervisor.wait()
    eventually(lambda: all(map(is_gone, children)), seconds=5)


def test_a_worker_that_is_stuck_is_not_waited_for_long(tmp_path):
    worker = runner.Site({"HANDOFF_PORT": "8000"}, tmp_path, None)._worker()
    assert worker.patience <= 8
    assert worker.force_with == signal.SIGKILL
