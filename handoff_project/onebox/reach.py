"""Run inside the environment: say in one sentence why a server that a URL names is of no use.

Prints nothing and ends with 0 when both answer. Passwords are never printed.
"""

import contextlib
import os
import sys
from urllib.parse import unquote, urlsplit

import environ
import psycopg
from kombu import Connection

OLDEST = 150000  # PostgreSQL 15, in the server's own way of counting
PATIENCE = 5  # seconds


def database_trouble(url: str) -> str:
    """Return what is wrong with the database at `url`, or nothing."""
    try:
        config = environ.Env.db_url_config(url)
        engine = config["ENGINE"]
    except Exception:
        return "it cannot be read; write postgres://USER:PASSWORD@HOST:PORT/NAME"
    if not engine.endswith("postgresql"):
        return "only PostgreSQL will do; write postgres://USER:PASSWORD@HOST:PORT/NAME"
    names = {"USER": "user", "PASSWORD": "password", "HOST": "host", "PORT": "port"}
    options = {names[key]: config[key] for key in names if config.get(key)}
    options |= {"dbname": config["NAME"], **config.get("OPTIONS", {})}
    try:
        with psycopg.connect(**{"connect_timeout": PATIENCE, **options}) as connection:
            if connection.info.server_version < OLDEST:
                return "the server is older than PostgreSQL 15"
    except (psycopg.Error, UnicodeError, TypeError, ValueError) as error:
        return without_password(str(error), url)
    return ""


def broker_trouble(url: str) -> str:
    """Return what is wrong with the broker at `url`, or nothing."""
    try:
        with Connection(url, connect_timeout=PATIENCE) as connection:
            connection.ensure_connection(max_retries=1, timeout=PATIENCE)
    except Exception as error:  # Every transport has its own.
        return without_password(str(error) or type(error).__name__, url)
    return ""


def without_password(text: str, url: str) -> str:
    """Return the line of `text` that says most, with the password of `url` taken out."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    # The database's driver adds a question, and counts the addresses that it tried.
    telling = [line for line in lines if not line.startswith(("Is the server", "Multiple"))]
    last = (telling or ["no reason given"])[-1].removeprefix("connection failed: ")
    with contextlib.suppress(ValueError):
        password = urlsplit(url).password
        for secret in {password, unquote(password)} if password else ():
            last = last.replace(secret, "***")
    return last.rstrip(".")


def main() -> int:
    """Check the variables named in the arguments."""
    checks = {"DATABASE_URL": database_trouble, "CELERY_BROKER_URL": broker_trouble}
    for variable in sys.argv[1:]:
        trouble = checks[variable](os.environ[variable])
        if trouble:
            print(f"{variable} cannot be used: {trouble}.")
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
