"""What `make check` runs, and one line about each."""

import secrets
import subprocess
import time
from collections.abc import Mapping

from .layout import PYTHON, ROOT, tool
from .problems import say
from .processes import StopSwitch

# Everything that a real installation sets, with values that lead nowhere.
PRODUCTION = {
    "HANDOFF_ENV": "production",
    "ALLOWED_HOSTS": "handoff.example.com",
    "CSRF_TRUSTED_ORIGINS": "https://handoff.example.com",
    "HANDOFF_BASE_URL": "https://handoff.example.com",
    "EMAIL_URL": "smtp+tls://handoff:secret@mail.example.com:587",
    "DEFAULT_FROM_EMAIL": "handoff@example.com",
    "TRUST_PROXY_SSL_HEADER": "1",
    "PROXY_COUNT": "1",
    "LOG_LEVEL": "INFO",
}


def run_all(project: Mapping[str, str], switch: StopSwitch) -> int:
    """Run every check in the environment `project`; return 1 when one failed, else 0."""
    production = {**project, **PRODUCTION, "SECRET_KEY": secrets.token_urlsafe(64)}
    failures = 0
    for name, command in _commands().items():
        env = production if name == "deploy" else project
        failures += not _passes(name, command, env)
        switch.check()
    say(f"{failures} of {len(_commands())} checks failed." if failures else "All checks passed.")
    return 1 if failures else 0


def rewrite() -> int:
    """Bring every file into the project's format; return 1 when something needs a person."""
    subprocess.run(_djade(), cwd=ROOT, check=False)
    fixed = subprocess.run([tool("ruff"), "check", "--fix", "."], cwd=ROOT, check=False)
    subprocess.run([tool("ruff"), "format", "."], cwd=ROOT, check=False)
    return 1 if fixed.returncode else 0


def _commands() -> dict[str, list[str]]:
    python, manage = str(PYTHON), str(ROOT / "manage.py")
    return {
        "format": [tool("ruff"), "format", "--check", "--output-format", "concise", "."],
        "lint": [tool("ruff"), "check", "."],
        "types": [python, "-m", "mypy"],
        "imports": [python, tool("lint-imports"), "--no-logo"],
        "templates": _djade("--check"),
        "migrations": [python, manage, "makemigrations", "--check", "--dry-run"],
        "deploy": [python, manage, "check", "--deploy", "--fail-level", "WARNING"],
    }


def _djade(*options: str) -> list[str]:
    templates = _templates()
    return (
        [tool("djade"), *options, "--target-version", "5.2", *templates] if templates else ["true"]
    )


def _templates() -> list[str]:
    """Return every template of the project, wherever its app keeps it."""
    folders = [path for path in ROOT.iterdir() if path.is_dir() and path.name[0] != "."]
    found = [path.relative_to(ROOT) for folder in folders for path in folder.rglob("*.html")]
    return sorted(str(path) for path in found if "templates" in path.parts)


def _passes(name: str, command: list[str], env: Mapping[str, str]) -> bool:
    """Run one check and print its line, and all it said if it failed."""
    began = time.monotonic()
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=dict(env),
        check=False,
        text=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    seconds = time.monotonic() - began
    say(f"{name:<12} {'failed' if done.returncode else 'ok':<8} {seconds:5.1f} s")
    if done.returncode:
        say(done.stdout.rstrip())
    return done.returncode == 0
