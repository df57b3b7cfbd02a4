"""A headless Chromium of the system, for the browser test and the screenshots."""

import os
import shutil
from contextlib import contextmanager

from django.db import connections

NAMES = ("chromium", "chromium-browser", "google-chrome")
# Without these, Chromium talks to its maker at every start.
QUIET = (
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-gpu",
)


def find_chromium():
    """Return the path of a Chromium, or None."""
    return next(filter(None, map(shutil.which, NAMES)), None)


@contextmanager
def chromium():
    """Yield a running headless browser. Raise FileNotFoundError where there is no Chromium."""
    from playwright.sync_api import sync_playwright  # a development dependency

    path = find_chromium()
    if path is None:
        raise FileNotFoundError("No Chromium found. Install your system's package 'chromium'.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path,
            # Root has no sandbox; everybody else does.
            chromium_sandbox=os.geteuid() != 0,
            args=list(QUIET),
        )
        try:
            yield browser
        finally:
            # Django keeps connections of their own for code under a running event loop.
            connections.close_all()
            browser.close()


def log_in(page, url, email, password):
    """Fill in the log-in form and wait until it let us in."""
    page.goto(f"{url}/accounts/login/")
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(lambda address: "/accounts/login/" not in address)
