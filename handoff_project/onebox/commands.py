"""The commands behind the `make` targets. Each takes its arguments and returns an exit code."""

import contextlib
import os
import secrets
import signal
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from . import checks, environment, runner, servers, variables
from .layout import DEV_LOCK, ONEBOX, PYTHON, ROOT, RUNTIME_LOCK, postgres_programs
from .problems import Problem, Stopped, complain, say
from .processes import StopSwitch, foreground


def main(arguments: list[str]) -> int:
    """Run the command that `arguments` name and return its exit code."""
    name, *rest = arguments or [""]
    if name not in COMMANDS:
        say(f"Usage: python3 handoff_project/onebox {'|'.join(COMMANDS)} [ARGUMENTS]")
        return 2
    try:
        return COMMANDS[name](rest)
    except (Stopped, KeyboardInterrupt):
        say("Stopped.")
        return 130
    except (Problem, OSError) as error:
        return complain(error)


def setup(arguments: list[str]) -> int:
    """Make the environment, with the tools for tests and checks."""
    environment.ensure(dev=True)
    say("The environment .venv is up to date.")
    return 0


def run(arguments: list[str]) -> int:
    """Run all of Handoff until Ctrl-C: servers, web, worker and beat."""
    if arguments[:1] == ["--port"] and len(arguments) > 1:
        os.environ["HANDOFF_PORT"] = arguments[1]
    elif arguments:
        raise Problem("`run` takes nothing but --port NUMBER.")
    environ = variables.merged(os.environ, variables.dotenv())
    data, port = variables.data_folder(environ), variables.port(environ)
    with servers.lock_of(data).held("make run") as lock:
        # What a killed run left is just going, and frees the port in a moment.
        runner.refuse_taken_port(port, patience=5 if lock.was_abandoned else 0)
        environment.ensure(dev=False)
        with StopSwitch() as switch:
            try:
                _run_site(environ, data, switch)
            except Stopped:
                say("Stopped.")
    return 0


def _run_site(environ: Mapping[str, str], data: Path, switch: StopSwitch) -> None:
    with servers.lasting(data, environ).started(switch) as running:
        project = _project_environ(environ, data, running.urls)
        _refuse_unreachable(environ, project)
        runner.Site(project, data, running).run(switch)


def manage(arguments: list[str]) -> int:
    """Run manage.py on the data folder's servers, beside `make run` or without it."""
    environment.ensure(dev=False)
    environ = variables.merged(os.environ, variables.dotenv())
    data = variables.data_folder(environ)
    with StopSwitch() as switch, servers.shared(data, environ, switch) as running:
        project = _project_environ(environ, data, running.urls)
        _refuse_unreachable(environ, project)
        # `manage.py dbshell` needs psql: the system's if there is one, else the package's.
        project |= running.shell_hints
        project["PATH"] = os.pathsep.join(
            [environ.get("PATH", os.defpath), str(postgres_programs())]
        )
        command = [str(PYTHON), str(ROOT / "manage.py"), *arguments]
        return foreground(command, env=project, switch=switch, stop_with=signal.SIGTERM)


def test(arguments: list[str]) -> int:
    """Run pytest on throw-away servers and return its exit code."""
    with _throw_away() as (project, switch):
        # Two processes halve the time of all tests, and would double that of a few.
        command = [str(PYTHON), "-m", "pytest", *(arguments or ["-n", "2"])]
        # As Ctrl-C, on which pytest ends what its fixtures started.
        return foreground(command, env=project, switch=switch, stop_with=signal.SIGINT)


def check(arguments: list[str]) -> int:
    """Run every check and return 1 when one of them failed."""
    with _throw_away() as (project, switch):
        return checks.run_all(project, switch)


def tidy(arguments: list[str]) -> int:
    """Rewrite code and templates in the project's format."""
    environment.ensure(dev=True)
    return checks.rewrite()


def lock(arguments: list[str]) -> int:
    """Write the two lists of pinned packages; `--upgrade` moves the pins to what is newest."""
    compiler = [environment.ensure_uv(), "pip", "compile", "--quiet", "--universal"]
    compiler += ["--generate-hashes", "--python-version", "3.11", "pyproject.toml"]
    compiler += ["--custom-compile-command", "make lock", *arguments]
    for more in (
        ["--output-file", RUNTIME_LOCK.name],
        ["--output-file", DEV_LOCK.name, "--extra", "dev", "--constraint", RUNTIME_LOCK.name],
    ):
        if subprocess.run([*compiler, *more], cwd=ROOT, check=False).returncode:
            raise Problem("The lock could not be made; the lines above say why.")
    return 0


COMMANDS: Mapping[str, Callable[[list[str]], int]] = {
    "setup": setup,
    "run": run,
    "manage": manage,
    "test": test,
    "check": check,
    "format": tidy,
    "lock": lock,
}


@contextlib.contextmanager
def _throw_away() -> Iterator[tuple[dict[str, str], StopSwitch]]:
    """Give the environment of a demo on throw-away servers, which `.env` may only replace."""
    environment.ensure(dev=True)
    named = {"DATABASE_URL", "CELERY_BROKER_URL"}
    ours = {key: value for key, value in variables.dotenv().items() if key in named}
    environ = variables.merged(os.environ, ours)
    with StopSwitch() as switch, servers.throw_away(environ, switch) as (home, running):
        project = dict(environ) | running.urls
        (home / "static").mkdir()  # WhiteNoise warns where there is none.
        project |= {"HANDOFF_ENV": "demo", "HANDOFF_DATA_DIR": str(home)}
        project["SECRET_KEY"] = secrets.token_urlsafe(50)
        _refuse_unreachable(environ, project)
        yield project, switch


def _project_environ(
    environ: Mapping[str, str], data: Path, urls: Mapping[str, str]
) -> dict[str, str]:
    """Return what the project's own processes see."""
    (data / "static").mkdir(exist_ok=True)  # WhiteNoise warns where there is none.
    project = {**environ, **urls, "HANDOFF_DATA_DIR": str(data)}
    project["HANDOFF_ENV"] = environ.get("HANDOFF_ENV") or "demo"
    project["HANDOFF_PORT"] = str(variables.port(environ))
    if not environ.get("SECRET_KEY"):
        project["SECRET_KEY"] = variables.secret_key(data)
    return project


def _refuse_unreachable(environ: Mapping[str, str], project: Mapping[str, str]) -> None:
    """Raise Problem when a URL that the user set leads nowhere."""
    named = [name for name in ("DATABASE_URL", "CELERY_BROKER_URL") if environ.get(name)]
    if named:
        # -P keeps this folder off the path, where `valkey` would hide the package of that name.
        script = [str(PYTHON), "-P", str(ONEBOX / "reach.py"), *named]
        done = subprocess.run(
            script, env=dict(project), cwd="/", capture_output=True, text=True, check=False
        )
        if done.returncode:
            said = done.stdout.strip() or f"{' and '.join(named)} could not be checked."
            raise Problem(said)
