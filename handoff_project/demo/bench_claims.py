"""200 reps claim one lead from their pool at the same moment, over HTTP."""

import http.client
import math
import secrets
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.urls import reverse
from django.utils import timezone

from handoff_project.demo import bench_processes, bench_routing
from handoff_project.demo.benches import NotMeasurable
from leads.models import Event, Qualification
from routing.models import Calendar, Handoff, Pool, Rule, RuleSet, Team

CLAIMS = 200
WARM_UP = 48  # polls that are not measured, at once, so that every thread has its connection


def claims(*, say):
    """Return how many won, and how long the slowest but one in a hundred waited."""
    team = Team.objects.create(name="Claims", calendar=Calendar.objects.get())
    pool = Pool.objects.create(name="Claims", team=team)
    sessions = [_session_of(rep.user) for rep in bench_routing.people(team, CLAIMS, "claims")]
    handoff = _waiting(pool)
    with bench_processes.web() as port:
        answers = _all_at_once(port, reverse("portal:accept", args=[handoff.pk]), sessions)
    odd = {status for status, _ in answers} - {200, 302, 409}
    if odd:
        raise NotMeasurable(f"Claims were answered {sorted(odd)}.")
    winners = Event.objects.filter(kind="routing.accepted", data__handoff=handoff.pk).count()
    taken = sorted(seconds for _, seconds in answers)
    p99 = taken[math.ceil(len(taken) * 0.99) - 1] * 1000
    say(f"Of {CLAIMS} who claimed one lead at once, {winners} won; p99 {p99:.0f} ms.")
    return {"claim_winners": winners, "claim_p99_ms": round(p99, 1)}


def _waiting(pool):
    """Route one lead to the pool, to be claimed."""
    draft = RuleSet.objects.create(catch_all=pool)
    draft.rules.create(label="Claims", pool=pool, method=Rule.Method.CLAIM)
    now = timezone.now()
    draft.publish(by=None, now=now)
    first = Qualification.objects.order_by("pk")[0]
    Handoff.objects.filter(lead=first.lead_id).update(state="withdrawn", closed_at=now)
    first.pk, first._state.adding, first.ordinal = None, True, 2
    first.save()
    handoff = bench_routing.handoff_of(first, now=now)
    handoff.save()
    bench_routing.router.route_new(now=now)
    handoff.refresh_from_db()
    return handoff


def _session_of(user):
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    return session.session_key


def _all_at_once(port, path, sessions):
    """POST with every session at the same moment; return `(status, seconds)` of each."""
    with ThreadPoolExecutor(WARM_UP) as everybody:
        news = reverse("portal:queue-changes")
        list(everybody.map(lambda one: _ask(port, "GET", news, one), sessions[:WARM_UP]))
    together, answers = threading.Barrier(len(sessions)), []

    def claim(session):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        connection.connect()
        together.wait()
        start = time.perf_counter()
        status = _ask(port, "POST", path, session, connection)
        answers.append((status, time.perf_counter() - start))

    threads = [threading.Thread(target=claim, args=[session]) for session in sessions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def _ask(port, method, path, session, connection=None):
    connection = connection or http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    token = secrets.token_hex(16)
    cookies = {settings.SESSION_COOKIE_NAME: session, settings.CSRF_COOKIE_NAME: token}
    headers = {
        "Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items()),
        "X-CSRFToken": token,
        "HX-Request": "true",
    }
    connection.request(method, path, headers=headers)
    response = connection.getresponse()
    response.read()
    connection.close()
    return response.status
