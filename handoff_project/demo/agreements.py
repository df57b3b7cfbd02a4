"""What marketing and sales agreed on: signals, segments, MQL definitions, routing and promises.

Everything is made through the models and published with their verbs, at moments of the past year.
"""

from datetime import UTC, datetime, time, timedelta
from typing import Any

from handoff_project.demo import definitions, words
from leads.models import Play, Segment, Signal, User
from routing.models import Cadence, Pool, Rep, Rule, RuleSet, Seat, Territory
from sla.models import Policy

Target, CLAIM = Rule.Target, {"method": Rule.Method.CLAIM}

SIGNALS = {
    # key: (name, touchpoint kind, event, path prefix)
    "pricing": ("Pricing page viewed", "page_view", "", "/pricing"),
    "case-study": ("Customer story viewed", "page_view", "", "/customers"),
    "careers": ("Careers page viewed", "page_view", "", "/careers"),
    "demo": ("Demo requested", "demo_request", "", ""),
    "webinar-signup": ("Webinar registration", "webinar_registration", "", ""),
    "webinar": ("Webinar attended", "webinar_attendance", "", ""),
    "open": ("E-mail opened", "email_open", "", ""),
    "click": ("E-mail link clicked", "email_click", "", ""),
    "guide": ("Guide downloaded", "content_download", "", ""),
    "trial": ("Trial started", "trial_start", "", ""),
    "chat-pricing": ("Chat about pricing", "chat", "Pricing question", ""),
}

SEGMENTS = {
    # name: (description, [(group, field, operator, value, signal, days)])
    "ICP": ("Companies we are made for, and people who work there.", [
        ("all", "company.employees", "between", "200, 2000", None, None),
        ("none", "job_title", "contains_any", "student, intern, trainee", None, None),
    ]),
    "Reads about prices": ("At least two minutes on the pricing pages within a month.", [
        ("all", "behaviour", "for_seconds", "120", "pricing", 30),
    ]),
    "Enterprise": ("More than 2,000 employees.", [
        ("all", "company.employees", "at_least", "2001", None, None),
    ]),
    "Decision makers": ("Those who can say yes.", [
        ("any", "seniority", "in", "C-level, VP, Director", None, None),
        ("any", "job_title", "contains_any", "chief, head, director", None, None),
    ]),
    "Competitors": ("Vendors of planning software.", [
        ("any", "company.domain", "in", ", ".join(words.RIVALS), None, None),
    ]),
    "Students": ("They learn, they do not buy.", [
        ("any", "job_title", "contains_any", "student, intern, trainee", None, None),
    ]),
    "Customers and partners": ("They have their own contacts with us.", [
        ("any", "company.relationship", "in", "customer, partner", None, None),
    ]),
    "Demo request": ("Asked for a demo in the last week.", [
        ("all", "behaviour", "happened", "1", "demo", 7),
    ]),
    "Pricing + ICP": ("The right company looks at prices, twice within two weeks.", [
        ("all", "company.employees", "between", "200, 2000", None, None),
        ("all", "behaviour", "happened", "2", "pricing", 14),
        ("none", "job_title", "contains_any", "student, intern, trainee", None, None),
    ]),
    "DACH": ("", [("all", "country", "in", "DE, AT, CH", None, None)]),
    "UK & Ireland": ("", [("all", "country", "in", "GB, IE", None, None)]),
    "Americas": ("", [("all", "country", "in", "US, CA, MX, BR", None, None)]),
    "Enterprise DACH": ("Large accounts that the team shares out by hand.", [
        ("all", "country", "in", "DE, AT, CH", None, None),
        ("all", "company.employees", "at_least", "2001", None, None),
    ]),
    "Enterprise UK & Ireland": ("Large accounts that the team shares out by hand.", [
        ("all", "country", "in", "GB, IE", None, None),
        ("all", "company.employees", "at_least", "2001", None, None),
    ]),
    "Enterprise Americas": ("Large accounts that the team shares out by hand.", [
        ("all", "country", "in", "US, CA, MX, BR", None, None),
        ("all", "company.employees", "at_least", "2001", None, None),
    ]),
    "France & Benelux": ("", [("all", "country", "in", "FR, NL, BE, LU", None, None)]),
    "Nordics": ("", [("all", "country", "in", "SE, NO, DK, FI", None, None)]),
    "Asia-Pacific": ("", [("all", "country", "in", "AU, NZ, SG, JP", None, None)]),
    "Large accounts elsewhere": ("Where we have no office, and there is a lot to win.", [
        ("all", "company.revenue", "at_least", "100000000", None, None),
        ("none", "country", "in", "DE, AT, CH, GB, IE, US, CA, MX, BR", None, None),
    ]),
    "Core market": ("Countries where we have an office.", [
        ("any", "country", "in", "DE, AT, CH, GB, IE, US, CA", None, None),
    ]),
}  # fmt: skip
PERSONAS = {
    "Decision makers": Segment.Persona.BUYER,
    "Students": Segment.Persona.NEGATIVE,
    "Competitors": Segment.Persona.NEGATIVE,
}

ROUTES: tuple[tuple[str, Any, Any, dict], ...] = (
    # (label, segment, team or pool, columns)
    ("Account owner", None, None, {"target": Target.ACCOUNT_OWNER, "otherwise": "next"}),
    ("Known already", None, None, {"target": Target.PREVIOUS_OWNER, "otherwise": "next"}),
    ("Enterprise DACH", "Enterprise DACH", "DACH", CLAIM),
    ("Enterprise UK & Ireland", "Enterprise UK & Ireland", "UK & Ireland", CLAIM),
    ("Enterprise Americas", "Enterprise Americas", "Americas", CLAIM),
    ("High value", "Large accounts elsewhere", None,
     {"target": Target.REP, "rep": "Grace Whitfield"}),
    ("DACH", "DACH", "DACH", {}),
    ("UK & Ireland", "UK & Ireland", "UK & Ireland", {}),
    ("Americas", "Americas", "Americas", {}),
    ("Rest of Europe", None, None, {"target": Target.TERRITORY, "otherwise": "next"}),
    ("Asia-Pacific", "Asia-Pacific", "Asia-Pacific", {"method": Rule.Method.WEIGHTED}),
)  # fmt: skip
# (name and segment, primary, backup)
TERRITORIES = (
    ("France & Benelux", "Niamh Byrne", "Tom Ashworth"),
    ("Nordics", "Dele Adeyemi", "Grace Whitfield"),
)
# A second pool of a team, with the weights of its reps: Tom starts earliest.
DESK, WEIGHTS = "Asia-Pacific", {"Tom Ashworth": 3, "Niamh Byrne": 1, "Grace Whitfield": 1}
CATCH_ALL = "UK & Ireland"

END_OF_DAY = None
POLICIES = (
    # (name, segment, {clock: (minutes, reminder before the deadline)})
    ("Demo request", "Demo request", {"accept": (10, 3), "first_touch": (15, 4)}),
    ("Pricing + ICP", "Pricing + ICP", {"accept": (30, 8), "first_touch": (60, 10)}),
    ("Enterprise", "Enterprise", {"accept": (120, 15), "first_touch": (240, 30)}),
    ("Standard", None, {"accept": (120, 15), "first_touch": (END_OF_DAY, 30)}),
)
# What happens when a promise is missed: (minutes after the deadline, action).
LATE = ((0, "remind"), (0, "manager"), (120, "people"))
FOLLOW_UP = 960
CADENCE = "Three mails and a call"
STEPS = (
    # (business hours after the start, kind, what to say)
    (1, "email", "Thank them for their interest and name the one thing that they looked at."),
    (5, "call", "Ask how they plan their shifts today, and who decides about it."),
    (9, "email", "Send the story of a customer of their size."),
    (15, "email", "Ask whether another month suits them better."),
)
REVIEW = 120  # business minutes of marketing, by the last policy


def make(pools, *, now):
    """Make and publish all of it; `pools` maps team names to their pools."""
    mark = User.objects.get(email="mark@handoff.example")
    mia = User.objects.get(email="mia@handoff.example")
    signals = {
        key: Signal.objects.create(key=key, name=name, kind=kind, event=event, path_prefix=path)
        for key, (name, kind, event, path) in SIGNALS.items()
    }
    segments = {
        name: _segment(name, description, conditions, signals)
        for name, (description, conditions) in SEGMENTS.items()
    }
    definitions.publish_all(
        signals, segments, by=mark, and_by=mia, at=lambda days_ago: _office_time(now, days_ago)
    )
    _cadence()
    _plays(signals, segments)
    _route(pools, segments, by=mia, now=_office_time(now, 400))
    for name, segment, targets in POLICIES:
        policy = Policy.objects.create(
            name=name, segment=segments[segment] if segment else None, review_lead=mark
        )
        for clock, (minutes, warn) in targets.items():
            _promise(policy, clock, minutes, warn, mia=mia)
        if segment is None:
            policy.review_calendar = pools[CATCH_ALL].team.calendar
            policy.save()
            _promise(policy, "review", REVIEW, 15, mia=mia)
        _promise_follow_ups(policy)
        policy.publish(by=mia, now=_office_time(now, 400))


def _promise(policy, clock, minutes, warn, *, mia):
    unit = "end_of_day" if minutes is END_OF_DAY else "business"
    policy.targets.create(clock=clock, minutes=minutes, unit=unit)
    policy.steps.create(clock=clock, when="before", minutes=warn, action="remind")
    for after, action in LATE:
        when = "after" if after else "at"
        step = policy.steps.create(clock=clock, when=when, minutes=after, action=action)
        step.people.set([mia] if action == "people" else [])


def _promise_follow_ups(policy):
    """Two business days unless the rep sets a time of their own, within ten working days."""
    policy.targets.create(clock="follow_up", minutes=FOLLOW_UP, bound_hours=240)
    for when, minutes, action in (("before", 15, "remind"), ("at", 0, "remind")):
        policy.steps.create(clock="follow_up", when=when, minutes=minutes, action=action)
    policy.steps.create(clock="follow_up", when="after", minutes=240, action="manager")


def _cadence():
    made = Cadence.objects.create(
        name=CADENCE, description="For leads that do not answer the first call."
    )
    for hours, kind, text in STEPS:
        made.steps.create(hours=hours, kind=kind, text=text)


def _plays(signals, segments):
    for place, (name, cue, *said) in enumerate(words.PLAYS, start=1):
        whom = {"signal": signals[cue]} if cue in signals else {"segment": segments[cue]}
        parts = ("opener", "need", "timeline", "process", "content", "next_step")
        given = dict(zip(parts, said, strict=True))
        Play.objects.create(name=name, position=10 * place, **whom, **given)


def _office_time(now, days_ago):
    return datetime.combine(now.date() - timedelta(days=days_ago), time(10, 30), tzinfo=UTC)


def _segment(name, description, conditions, signals):
    persona = PERSONAS.get(name, Segment.Persona.NONE)
    segment = Segment.objects.create(name=name, description=description, persona=persona)
    for group, field, operator, value, signal, days in conditions:
        segment.conditions.create(
            group=group, field=field, operator=operator, value=value,
            signal=signals.get(signal), window_days=days,
        )  # fmt: skip
    return segment


def _route(pools, segments, *, by, now):
    home = pools[CATCH_ALL]
    reps = {str(rep): rep for rep in Rep.objects.select_related("user")}
    desk = Pool.objects.create(name=DESK, team=home.team)
    Seat.objects.complete(desk)
    for seat in desk.seats.select_related("rep__user"):
        seat.weight = WEIGHTS.get(str(seat.rep), 0)
        seat.save()
    for position, (name, primary, backup) in enumerate(TERRITORIES, 1):
        Territory.objects.create(
            name=name, position=position, segment=segments[name], pool=home,
            primary=reps[primary], backup=reps[backup],
        )  # fmt: skip
    rule_set = RuleSet.objects.create(
        catch_all=home, note="People first, then regions; large accounts are claimed."
    )
    for position, (label, segment, pool, columns) in enumerate(ROUTES, 1):
        named = {"rep": reps[columns["rep"]]} if "rep" in columns else {}
        rule_set.rules.create(
            position=position, label=label, segment=segments.get(segment),
            pool=(pools | {DESK: desk}).get(pool), **columns | named,
        )  # fmt: skip
    rule_set.publish(by=by, now=now)
