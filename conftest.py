"""The cast of the tests: a small company, one fixed moment, and leads that take the real path.

Ana and Bo are reps of EMEA, Carl is a rep of Americas, Tess leads EMEA; Mark is a marketer, Mia the
manager, Ren is RevOps.
"""

import os
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.contrib.auth.models import Group

from leads import roles
from leads.intake import receive
from leads.intake.shapes import LeadShape
from leads.models import (
    SCOPES,
    Delivery,
    MQLDefinition,
    NurtureTrack,
    Segment,
    Signal,
    Source,
    User,
    mapping,
)
from leads.scoring import scorer
from routing import router
from routing.models import Calendar, Pool, Rep, Rule, RuleSet, Team
from sla.models import Policy

# Playwright's synchronous API runs an event loop in the thread of the test.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")

NOW = datetime(2026, 3, 4, 10, 0, tzinfo=UTC)  # a Wednesday, 11:00 in Berlin
PASSWORD = "correct horse battery"


@pytest.fixture
def now():
    return NOW


class QuickHasher(PBKDF2PasswordHasher):
    """Makes passwords in no time that the product's own hashers can check."""

    iterations = 1


@pytest.fixture(autouse=True)
def no_mapping_of_another_test():
    """What a process remembers of mappings was rolled back with the test before."""
    mapping.forget()


@pytest.fixture(autouse=True)
def quick_passwords(settings):
    settings.PASSWORD_HASHERS = ["conftest.QuickHasher"]


def user(email, name, role):
    first, _, last = name.partition(" ")
    person = User.objects.create_user(email, PASSWORD, first_name=first, last_name=last)
    person.groups.add(Group.objects.get(name=role))
    return person


@pytest.fixture
def cast(db):
    """The people, as users; reps have their `rep`."""
    berlin = Calendar.objects.create(name="Berlin office")
    berlin.versions.create(zone="Europe/Berlin")
    boston = Calendar.objects.create(name="Boston office")
    boston.versions.create(zone="America/New_York")
    tess = user("tess@handoff.example", "Tess Vogel", roles.TEAM_LEAD)
    emea = Team.objects.create(name="EMEA", calendar=berlin, manager=tess)
    americas = Team.objects.create(name="Americas", calendar=boston)
    found = SimpleNamespace(
        emea=emea,
        americas=americas,
        tess=tess,
        mark=user("mark@handoff.example", "Mark Lind", roles.MARKETER),
        mia=user("mia@handoff.example", "Mia Okafor", roles.MANAGER),
        ren=user("ren@handoff.example", "Ren Sato", roles.REVOPS),
    )
    for key, name, team in (
        ("ana", "Ana Ruiz", emea),
        ("bo", "Bo Chen", emea),
        ("carl", "Carl Diaz", americas),
    ):
        person = user(f"{key}@handoff.example", name, roles.REP)
        Rep.objects.create(user=person, team=team)
        setattr(found, key, person)
    return found


@pytest.fixture
def source(db):
    """A sending system with every scope; `source.token` is its token's text."""
    sender = Source.objects.create(name="Website", scopes=list(SCOPES))
    sender.token = sender.issue_token()
    return sender


def segment(name, *conditions):
    """A segment from `(group, field, operator, value)` tuples, or with a dict of more columns."""
    made = Segment.objects.create(name=name)
    for group, field, operator, value, *more in conditions:
        made.conditions.create(
            group=group, field=field, operator=operator, value=value, **(more[0] if more else {})
        )
    return made


def sign(draft, *, now=NOW):
    """Put a draft up for sign-off and have one person of each side sign it; return it."""
    if not draft.decider:
        draft.decider, draft.cool_down_days = MQLDefinition.Decider.AUTOMATIC, 30
        draft.reject_track = NurtureTrack.objects.get()
        draft.save()
    draft.submit(by=None, now=now)
    for side, role in (("marketing", roles.MARKETER), ("sales", roles.MANAGER)):
        email = f"{side}-signs@handoff.example"
        person = User.objects.filter(email=email).first() or user(email, side, role)
        draft.approve(by=person, now=now)
    # Tests that look at the mail look for other letters.
    Delivery.objects.filter(
        event__kind__startswith="leads.definition_", channel=Delivery.Channel.EMAIL
    ).update(state=Delivery.State.SENT, sent_at=now)
    return draft


def publish(draft, *, by=None, now=NOW):
    """Take a draft through the sign-off of both sides and make it live; return it."""
    sign(draft, now=now).publish(by=by, now=now)
    return draft


@pytest.fixture
def signals(db):
    return SimpleNamespace(
        pricing=Signal.objects.create(
            key="pricing", name="Pricing page", kind="page_view", path_prefix="/pricing"
        ),
        demo=Signal.objects.create(key="demo", name="Demo requested", kind="demo_request"),
        opened=Signal.objects.create(key="opened", name="E-mail opened", kind="email_open"),
    )


@pytest.fixture
def definition(signals):
    """The live definition: fit 20 and interest 20 pass; a demo request passes at once."""
    draft = MQLDefinition.objects.create(version=1, fit_threshold=20, interest_threshold=20)
    icp = segment("ICP", ("all", "company.employees", "between", "200, 2000"))
    rule = draft.rules.create
    rule(
        position=1,
        kind="do_not_pass",
        label="Competitor",
        field="company.domain",
        operator="in",
        value="rival.example",
    )
    rule(
        position=2,
        kind="fast_track",
        label="Demo request",
        field="behaviour",
        operator="happened",
        value="1",
        signal=signals.demo,
        window_days=7,
    )
    rule(position=3, kind="fit", label="ICP company", segment=icp, points=25)
    rule(
        position=4,
        kind="fit",
        label="Decision maker",
        field="job_title",
        operator="contains_any",
        value="VP, head, chief",
        points=15,
    )
    rule(
        position=5,
        kind="interest",
        label="Pricing page",
        signal=signals.pricing,
        window_days=30,
        points=20,
        cap=40,
    )
    rule(
        position=6,
        kind="interest",
        label="Opens our mails",
        signal=signals.opened,
        window_days=30,
        points=5,
        per=3,
    )
    return publish(draft, now=NOW - timedelta(days=30))


@pytest.fixture
def rule_set(cast):
    """Leads from the US go to Americas, everybody else to EMEA; both by turns."""
    americas = Pool.objects.create(name="Americas pool", team=cast.americas)
    emea = Pool.objects.create(name="EMEA pool", team=cast.emea)
    made = RuleSet.objects.create(catch_all=emea)
    made.rules.create(
        position=1,
        label="United States",
        pool=americas,
        method=Rule.Method.ROUND_ROBIN,
        segment=segment("United States", ("all", "country", "is", "US")),
    )
    made.publish(by=None, now=NOW - timedelta(days=30))
    return made


@pytest.fixture
def policy(db):
    """Accept within 30 business minutes, first touch within 60, at latest after 24 hours of working
    days; the owner is reminded 5 and 10 minutes before, and told with the manager when it is late.
    """
    made = Policy.objects.create(name="Standard")
    for clock, minutes, before in (("accept", 30, 5), ("first_touch", 60, 10)):
        made.targets.create(clock=clock, minutes=minutes)
        made.steps.create(clock=clock, when="before", minutes=before, action="remind")
        made.steps.create(clock=clock, action="remind")
        made.steps.create(clock=clock, action="manager")
    made.publish(by=None, now=NOW - timedelta(days=30))
    return made


@pytest.fixture
def company(cast, source, definition, rule_set, policy):
    """Everything that the path of a lead needs, and the ways onto it."""
    return Company(cast, source)


class Company:
    """The cast's company at work. Everything goes through the product's own doors."""

    def __init__(self, cast, source):
        self.cast, self.source, self.sent = cast, source, 0

    def lead(self, email=None, *, at=NOW, conversion=None, employer=None, **contact):
        """Receive and score one lead; return it."""
        self.sent += 1
        shape = LeadShape(
            data={
                "contact": {"email": email or f"lead{self.sent}@acme.example", **contact},
                "company": employer or {"name": "Acme", "domain": "acme.example", "employees": 800},
                "source": "Website",
            }
            | ({"conversion": conversion} if conversion else {})
        )
        shape.is_valid(raise_exception=True)
        found, _ = receive.receive_lead(shape.validated_data, source=self.source, now=at)
        self.score(at=at)
        return found

    def score(self, *, at=NOW):
        while scorer.score_pending(now=at):
            pass

    def rescore(self, *, at=NOW):
        """Bring every score up to the live definition and the day."""
        while scorer.rescore_outdated(now=at):
            pass

    def handoff(self, *, at=NOW, route=True, **contact):
        """A lead that asked for a demo, handed over and routed; return the handoff."""
        contact = {"name": "Lena Berg", "job_title": "VP Operations"} | contact
        lead = self.lead(at=at, conversion={"kind": "demo_request", "form": "Demo"}, **contact)
        if route:
            router.route_new(now=at)
        return lead.handoffs.get()

    def handoff_of(self, person, *, at=NOW, **contact):
        """A handoff that is offered to this user: turns are taken until it is theirs."""
        for _ in range(6):
            found = self.handoff(at=at, **contact)
            if found.owner and found.owner.user_id == person.pk:
                return found
        raise AssertionError(f"Nothing was routed to {person}.")
