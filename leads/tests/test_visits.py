"""Times, time and visits are counted the same, in whatever order and company they arrive."""

from collections import defaultdict
from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conftest import NOW, publish, segment
from leads.conditions import judge
from leads.intake import people, receive
from leads.intake.vocabulary import visit_of
from leads.models import Lead, MQLDefinition, Pending, Score, SignalDay, Touchpoint
from leads.scoring import aggregate, scorer
from leads.scoring.explain import explain

MIDNIGHT = datetime(2026, 3, 1, tzinfo=UTC)
HALF_AN_HOUR, A_DAY = timedelta(minutes=30), timedelta(hours=24)
PATHS = {"/pricing": "pricing", "/pricing/team": "pricing", "/blog": None}

# Close to midnight and to the half hour, where mistakes live.
moments = st.builds(
    lambda day, minutes, seconds: MIDNIGHT + timedelta(days=day, minutes=minutes, seconds=seconds),
    st.sampled_from([-1, 0, 0, 0, 1, 2]),
    st.sampled_from([-31, -30, -29, -10, 0, 1, 5, 29, 30, 31, 59, 60, 90, 719]),
    st.sampled_from([0, 0, 0, 1, 59]),
)
touches = st.fixed_dictionaries(
    {
        "occurred_at": moments,
        "kind": st.sampled_from(["page_view"] * 5 + ["demo_request", "email_open"]),
        "url": st.sampled_from(list(PATHS)),
        "session": st.sampled_from(["", "", "", "a", "b"]),
        "seconds": st.sampled_from([None, None, None, 0, 40, 4000]),
        "who": st.sampled_from(["email", "email", "anonymous_id"]),
    }
)


def send(company, items, *, email):
    found = [
        {
            "message_id": f"{email}-{number}",
            "kind": item["kind"],
            item["who"]: email if item["who"] == "email" else f"browser-{email}",
            "url": item["url"],
            "occurred_at": item["occurred_at"].isoformat(),
            "session": item["session"],
            "seconds": item["seconds"],
        }
        for number, item in items
    ]
    result = receive.receive_touchpoints(found, source=company.source, now=NOW)
    assert not result.errors


def obvious(items):
    """What each (signal, day) must say: walk through all of it in order, visit by visit."""
    rows: dict = defaultdict(lambda: [0, 0, 0])
    by_session: dict = defaultdict(list)
    for _, item in items:
        by_session[item["session"]].append(item)
    for session, found in by_session.items():
        most = A_DAY if session else HALF_AN_HOUR
        makes = [item for item in found if session or item["kind"] == "page_view"]
        pages = [item for item in found if item["kind"] == "page_view"]
        found.sort(key=lambda item: (item["occurred_at"], item not in makes))
        latest, shown = None, set()
        for item in found:
            at = item["occurred_at"]
            near = latest is not None and at - latest < most
            if item in makes:
                shown = shown if near else set()
                latest = at
            in_visit = item in makes or near
            key = signal_of(item)
            if key is None:
                continue
            row = rows[key, at.date()]
            row[0] += 1
            row[1] += stay(item, pages, most)
            if in_visit and key not in shown:
                row[2] += 1
                shown.add(key)
    return {key: tuple(row) for key, row in rows.items()}


def signal_of(item):
    if item["kind"] == "page_view":
        return PATHS[item["url"]]
    return {"demo_request": "demo", "email_open": "opened"}[item["kind"]]


def stay(item, pages, most):
    if item["seconds"] is not None:
        return item["seconds"]
    if item["kind"] != "page_view":
        return 0
    after = [page["occurred_at"] for page in pages if page["occurred_at"] > item["occurred_at"]]
    until = min(after, default=None)
    if until is None or until - item["occurred_at"] >= most:
        return 0
    return min(int((until - item["occurred_at"]).total_seconds()), 1800)


def rows_of(lead):
    rows = SignalDay.objects.filter(lead=lead).select_related("signal")
    return {(row.signal.key, row.day): (row.n, row.seconds, row.visits) for row in rows}


def different(items):
    """Moments apart: which of two page views at the same moment was first is nobody's to say."""
    seen = set()
    for item in items:
        if item["occurred_at"] not in seen:
            seen.add(item["occurred_at"])
            yield item


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(items=st.lists(touches, max_size=10), chance=st.randoms(use_true_random=False))
def test_any_order_of_arrival_gives_the_obvious_rows(company, signals, items, chance):
    items = list(enumerate(different(items)))
    lead = company.lead(f"v{company.sent}@acme.example")
    arriving = [*items, *items[:3]]
    chance.shuffle(arriving)
    joins_at = chance.randrange(len(arriving) + 1)
    for index in range(len(arriving) + 1):
        if index == joins_at:
            with transaction.atomic():
                people.attach("anonymous", f"browser-{lead.email}", lead)
        if index < len(arriving):
            send(company, [arriving[index]], email=lead.email)
        if chance.random() < 0.4:
            company.score()
    company.score()
    assert rows_of(lead) == obvious(items)
    # Counting again changes nothing, and says so.
    days = {(lead.pk, item["occurred_at"].date()) for _, item in items}
    assert aggregate.recount(days) == set()


def look(company, lead, *minutes, url="/pricing", day=0, **more):
    company.sent += 1
    items = [
        {
            "message_id": f"look-{company.sent}-{minute}",
            "kind": "page_view",
            "email": lead.email,
            "url": url,
            "occurred_at": (NOW - timedelta(days=day, minutes=minute)).isoformat(),
        }
        | more
        for minute in minutes
    ]
    receive.receive_touchpoints(items, source=company.source, now=NOW)
    company.score()


def test_a_visit_over_midnight_counts_once_on_its_first_day(company, signals):
    lead = company.lead()
    items = [
        {
            "message_id": f"m{number}",
            "kind": "page_view",
            "email": lead.email,
            "url": "/pricing",
            "occurred_at": (MIDNIGHT + timedelta(minutes=minute)).isoformat(),
        }
        for number, minute in enumerate((10, -10))
    ]
    for item in items:  # the later one is told first
        receive.receive_touchpoints([item], source=company.source, now=NOW)
        company.score()
    assert rows_of(lead) == {
        ("pricing", (MIDNIGHT - timedelta(days=1)).date()): (1, 1200, 1),
        ("pricing", MIDNIGHT.date()): (1, 0, 0),
    }


def test_a_page_that_shows_nothing_tells_how_long_the_one_before_was_read(company, signals):
    lead = company.lead()
    look(company, lead, 60)
    assert rows_of(lead)["pricing", NOW.date()] == (1, 0, 1)
    look(company, lead, 58, url="/blog")
    assert rows_of(lead)["pricing", NOW.date()] == (1, 120, 1)


def test_nothing_is_scored_for_a_page_that_changes_no_count(company, signals):
    lead = company.lead()
    Score.objects.filter(lead=lead).update(scored_at=None)
    look(company, lead, 60, url="/blog")
    assert Score.objects.get(lead=lead).scored_at is None
    assert not Pending.objects.exists()


@pytest.mark.parametrize(
    ("operator", "enough", "too_many"),
    [("in_visits", "2", "3"), ("for_seconds", "240", "241"), ("on_days", "2", "3")],
)
def test_conditions_ask_for_visits_and_time(company, signals, operator, enough, too_many):
    lead = company.lead()
    look(company, lead, 10, 8)
    look(company, lead, 10, 8, day=1)
    for value, expected in ((enough, True), (too_many, False)):
        asked = segment(
            f"{operator} {value}",
            ("all", "behaviour", operator, value, {"signal": signals.pricing, "window_days": 14}),
        )
        assert asked.matching(Lead.objects.all(), today=NOW.date()).exists() == expected
        (line,) = judge.why(asked.form(), lead.pk, today=NOW.date())
        assert (line["holds"], line["value"]) == (expected, enough)


def test_a_rule_gives_points_for_time_and_says_so(company, signals):
    draft = MQLDefinition.draft_from_live(by=None)
    rule = draft.rules.create(
        kind="interest",
        label="Reads about prices",
        signal=signals.pricing,
        counts="seconds",
        window_days=30,
        points=4,
        per=60,
        cap=10,
    )
    publish(draft, now=NOW)
    lead = company.lead()
    look(company, lead, 10, 7)
    live = MQLDefinition.objects.live().compiled
    lines = {line["label"]: line for line in explain(live, lead.pk, today=NOW.date())["lines"]}
    line = lines[rule.label]
    assert (line["count"], line["points"]) == (180, 10)
    assert line["sentence"] == "+4 points: Pricing page, every 60 seconds in 30 days, at most 10"


def test_sessions_and_durations_are_read_by_their_usual_names():
    assert visit_of({"duration": 12.7}, {"sessionId": 1_700_000}) == ("1700000", 12)
    assert visit_of({"durationMs": 90_500, "session_id": "s"}, {}) == ("s", 90)
    assert visit_of({}, {"session": {"id": "x"}}) == ("x", None)
    for nonsense in (-1, 90_000, "12", True, None):
        assert visit_of({"duration": nonsense}, {}) == ("", None)


def test_the_summary_counts_pages_time_and_visits(company, signals):
    lead = company.lead()
    look(company, lead, 90, 88, 10)
    look(company, lead, 5, kind="email_open", url="")
    found = aggregate.summary(lead.pk, until=NOW + timedelta(days=1))
    assert (found["pages"], found["seconds"], found["visits"]) == (3, 120, 2)
    assert found["signals"] == [{"name": "Pricing page", "seconds": 120, "visits": 2}]
    assert Touchpoint.objects.filter(lead=lead).count() == 4


def test_a_lead_that_was_counted_twice_at_once_is_right_in_the_end(company, signals):
    lead = company.lead()
    look(company, lead, 60, 50)
    Pending.objects.recount([(lead.pk, NOW.date())] * 3)
    while scorer.score_pending(now=NOW, limit=1):
        pass
    assert rows_of(lead)["pricing", NOW.date()] == (2, 600, 1)
