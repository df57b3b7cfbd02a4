"""What leads do: the steps that exist, and the habits in which they come."""

from dataclasses import dataclass
from datetime import datetime

from handoff_project.demo import words


@dataclass(slots=True, eq=False)
class Step:
    """One thing that a lead did; `system` is the sending system that tells us."""

    at: datetime
    kind: str
    system: str = "Website"
    event: str = ""
    path: str = ""
    anonymous: bool = False
    campaign: str = ""


@dataclass(frozen=True)
class Habit:
    """A way to behave: how a lead converts, what they may do before and after (at most n times)."""

    share: float
    converts: str
    before: dict[str, int]
    after: dict[str, int]
    days: int = 60  # for how long they stay interested


# kind, sending system, event names, paths
STEPS = {
    "blog": ("page_view", "Website", ("",), words.BLOG),
    "product": ("page_view", "Website", ("",), words.PRODUCT),
    "pricing": ("page_view", "Website", ("",), ("/pricing",)),
    "case": ("page_view", "Website", ("",), words.CASES),
    "careers": ("page_view", "Website", ("",), ("/careers",)),
    "guide": ("content_download", "Website", words.GUIDES, ("/guides",)),
    "demo": ("demo_request", "Website", ("Book a demo",), ("/demo",)),
    "trial": ("trial_start", "Website", ("Free trial",), ("/trial",)),
    "chat": ("chat", "Chat", ("Pricing question", "Support question"), ("",)),
    "signup": ("webinar_registration", "Webinars", words.CLINICS, ("/webinars",)),
    "webinar": ("webinar_attendance", "Webinars", words.CLINICS, ("",)),
    "open": ("email_open", "Mailings", (words.MAILING,), ("",)),
    "click": ("email_click", "Mailings", (words.MAILING,), ("",)),
}

HABITS = {
    "reader": Habit(
        0.47, "guide", {"blog": 4, "product": 2}, {"open": 7, "blog": 3, "click": 1, "case": 1}
    ),
    "listener": Habit(
        0.22,
        "signup",
        {"blog": 2, "product": 2},
        {"webinar": 1, "open": 6, "click": 2, "guide": 1, "case": 1, "blog": 2},
        80,
    ),
    "evaluator": Habit(
        0.18,
        "guide",
        {"product": 3, "case": 2, "pricing": 1},
        {"pricing": 3, "case": 2, "chat": 1, "open": 5, "click": 2, "trial": 1, "product": 3},
        30,
    ),
    "asker": Habit(
        0.06, "demo", {"product": 3, "pricing": 2, "case": 2, "blog": 2}, {"open": 3, "product": 2}
    ),
    "learner": Habit(
        0.07, "guide", {"blog": 5, "careers": 2}, {"open": 6, "careers": 2, "blog": 4, "pricing": 1}
    ),
}
# Steps that are no signal, so that no score changes by them.
HARMLESS = ("blog", "product")
