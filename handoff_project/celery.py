"""The Celery application and the whole beat schedule.

Tasks are nudges: every one of them looks for work in the database, is safe to run twice and
expires before the next tick, so that a backlog of ticks can never build up.
"""

import os

from celery import Celery
from celery.schedules import crontab

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "handoff_project.settings")

app = Celery("handoff")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


def _every(seconds: float) -> dict:
    return {"schedule": seconds, "options": {"expires": max(seconds, 1.0)}}


app.conf.beat_schedule = {
    # The path of a lead, each step's sweep: what a nudge missed is found within a second.
    "score-pending": {"task": "leads.tasks.score_pending", **_every(1)},
    "route-new": {"task": "routing.tasks.route_new", **_every(1)},
    "relay-outbox": {"task": "leads.tasks.relay_outbox", **_every(1)},
    "watch-clocks": {"task": "sla.tasks.watch_clocks", **_every(5)},
    # A newly published definition is applied to every lead by these slices.
    "rescore-outdated": {"task": "leads.tasks.rescore_outdated", **_every(5)},
    "publish-due": {"task": "leads.tasks.publish_due", **_every(15)},
    # Qualifications whose own transaction failed once are tried again here.
    "qualify-missed": {"task": "leads.tasks.qualify_missed", **_every(60)},
    "start-missing-clocks": {"task": "sla.tasks.start_missing_clocks", **_every(60)},
    # Windows move at UTC midnight, so every behaviour score may change then.
    "rescore-all-nightly": {
        "task": "leads.tasks.rescore_all",
        "schedule": crontab(hour=0, minute=5),
        "options": {"expires": 6 * 3600},
    },
    "make-touchpoint-partitions": {
        "task": "leads.tasks.make_touchpoint_partitions",
        "schedule": crontab(hour=1, minute=30),
        "options": {"expires": 6 * 3600},
    },
}
