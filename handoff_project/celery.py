"""The Celery application and the whole beat schedule.

Tasks are nudges: every one of them looks for work in the database, is safe to run twice and
expires before the next tick, so that a backlog of ticks can never build up.
"""

import gc
import os

from celery import Celery
from celery.schedules import crontab
from celery.signals import worker_process_init

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "handoff_project.settings")

app = Celery("handoff")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@worker_process_init.connect
def pass_over_what_is_loaded(**kwargs):
    """Let the garbage collector look at new objects alone.

    A batch of hundreds of leads makes it run; going through all the code each time is a fifth of
    what routing such a batch takes.
    """
    gc.collect()
    gc.freeze()


def _every(seconds: float) -> dict:
    return {"schedule": seconds, "options": {"expires": max(seconds, 1.0)}}


app.conf.beat_schedule = {
    # The path of a lead, each step's sweep: what a nudge missed is found within a second.
    "score-pending": {"task": "leads.tasks.score_pending", **_every(1)},
    "route-new": {"task": "routing.tasks.route_new", **_every(1)},
    "watch-absences": {"task": "routing.tasks.watch_absences", **_every(30)},
    # Recycled leads whose date has come, or who meet the definition again.
    "wake-recycled": {"task": "routing.tasks.wake_recycled", **_every(60)},
    # Leads that are too long in a stage, by the rules for that.
    "act-on-long-stays": {"task": "routing.tasks.act_on_long_stays", **_every(300)},
    # On the first of the month, or the day after if nothing ran then; once a month.
    "propose-clean-up": {
        "task": "routing.tasks.propose_clean_up",
        "schedule": crontab(hour=5, minute=20),
        "options": {"expires": 6 * 3600},
    },
    # What waits in a pool because nobody was there, oldest first, once somebody is.
    "route-waiting": {"task": "routing.tasks.route_waiting", **_every(10)},
    "relay-outbox": {"task": "leads.tasks.relay_outbox", **_every(1)},
    "watch-clocks": {"task": "sla.tasks.watch_clocks", **_every(5)},
    # Slice by slice, every lead is rescored when a definition is published, and when a day begins:
    # windows move at UTC midnight, so every behaviour score may change then.
    "rescore-outdated": {"task": "leads.tasks.rescore_outdated", **_every(5)},
    "publish-due": {"task": "leads.tasks.publish_due", **_every(15)},
    # Exact previews of drafts, a few seconds at a time.
    "run-previews": {"task": "reporting.tasks.run_previews", **_every(2)},
    # By day, whether first touches take longer than they did; managers are told once a day.
    "check-response": {
        "task": "reporting.tasks.check_response",
        "schedule": crontab(hour="6-20", minute=5),
        "options": {"expires": 1800},
    },
    # Leads whose qualification failed, or whose worker died before it, are tried again here.
    "qualify-missed": {"task": "leads.tasks.qualify_missed", **_every(15)},
    "start-missing-clocks": {"task": "sla.tasks.start_missing_clocks", **_every(60)},
    "forget-refused-events": {
        "task": "leads.tasks.forget_refused_events",
        "schedule": crontab(hour=2, minute=15),
        "options": {"expires": 6 * 3600},
    },
    # Leads that may be one person: what is new or changed, and every night everybody.
    "find-duplicates": {"task": "leads.tasks.find_duplicates", **_every(30)},
    "look-again-for-duplicates": {
        "task": "leads.tasks.look_again_for_duplicates",
        "schedule": crontab(hour=3, minute=5),
        "options": {"expires": 6 * 3600},
    },
    # Imports, their dry runs and undos, one at a time.
    "run-imports": {"task": "leads.tasks.run_imports", **_every(2)},
    # Gaps in what is known, filled by outside providers.
    "enrich": {"task": "leads.tasks.enrich", **_every(5)},
    "enrich-missed": {
        "task": "leads.tasks.enrich_missed",
        "schedule": crontab(hour=2, minute=45),
        "options": {"expires": 6 * 3600},
    },
    # The touchpoints of before, for signals that are new or have other patterns.
    "backfill-signals": {"task": "leads.tasks.backfill_signals", **_every(5)},
    # The leads and companies of before, for inputs that were mapped.
    "remap-history": {"task": "leads.tasks.remap_history", **_every(5)},
    "forget-import-files": {
        "task": "leads.tasks.forget_import_files",
        "schedule": crontab(hour=2, minute=25),
        "options": {"expires": 6 * 3600},
    },
    # In January, one more year of public holidays for the calendars that follow a country.
    "extend-public-holidays": {
        "task": "routing.tasks.extend_public_holidays",
        "schedule": crontab(hour=1, minute=40),
        "options": {"expires": 6 * 3600},
    },
    # What must always be true, when nobody else works: a lead that leaked raises an alert.
    "check-invariants": {
        "task": "reporting.tasks.check_invariants",
        "schedule": crontab(hour=3, minute=35),
        "options": {"expires": 6 * 3600},
    },
    "make-touchpoint-partitions": {
        "task": "leads.tasks.make_touchpoint_partitions",
        "schedule": crontab(hour=1, minute=30),
        "options": {"expires": 6 * 3600},
    },
}
