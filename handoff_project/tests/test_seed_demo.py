"""The demo company: believable, always the same, and without contradiction to the verbs."""

import itertools
import random
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from io import StringIO
from itertools import pairwise

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.db.models import F, Min
from django.test import TestCase, override_settings

from handoff_project.demo import company, people
from handoff_project.demo.agreements import DESK
from handoff_project.demo.stories import Imagination
from leads.duplicates.likeness import ENOUGH, likeness, traits_of
from leads.models import (
    Company,
    Delivery,
    Event,
    FieldValue,
    Lead,
    MQLDefinition,
    Qualification,
    Score,
    Segment,
    SegmentCondition,
    SignalDay,
    Touchpoint,
    User,
)
from leads.scoring import scorer
from leads.scoring.examples import judged
from leads.scoring.explain import explain
from leads.scoring.qualify import unanswered
from routing import packet, replay
from routing.models import Absence, Decision, Handoff, Pool, Reassignment, Rejection, Rep
from sla import deadlines, flight
from sla.models import Clock, Escalation, Pause

# A Wednesday: London is open, New York still sleeps, and Ana's desk never closes.
NOW = datetime(2026, 11, 18, 10, 0, tzinfo=UTC)
LEADS, DAYS = 150, 100
HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.MD5PasswordHasher",
]
WATCHED = timedelta(seconds=10)


def what_there_is():
    counted = (Touchpoint, FieldValue, SignalDay, Qualification, Rejection, Decision)
    handoffs = Handoff.objects.values_list("lead__email", "state", "score")
    return {
        "people": sorted(Lead.objects.values_list("email", "name", "stage")),
        "handoffs": sorted(handoffs),
        **{model.__name__: model.objects.count() for model in counted},
    }


class SeededCompanyTests(TestCase):
    @classmethod
    def setUpTestData(cls):
        later = NOW + timedelta(hours=9)
        with transaction.atomic():
            company.make_past(seed=7, leads=LEADS, now=later, days=DAYS)
            cls.made_later_that_day = what_there_is()
            transaction.set_rollback(True)
        imagination, arrivals = company.make_past(seed=7, leads=LEADS, now=NOW, days=DAYS)
        cls.past = what_there_is()
        company.open_todays_work(imagination, arrivals, now=NOW)
        scorer.rescore_all(now=NOW)
        cls.ana = User.objects.get(email="ana@handoff.example")

    def open_handoffs(self, **having):
        return Handoff.objects.open().filter(**having)

    def test_the_same_seed_and_day_make_the_same_company(self):
        assert self.past == self.made_later_that_day
        assert Lead.objects.count() == LEADS

    def test_nothing_lies_in_the_future(self):
        assert not Touchpoint.objects.filter(occurred_at__gt=NOW).exists()
        assert not Event.objects.filter(happened_at__gt=NOW).exists()
        assert not Handoff.objects.filter(closed_at__gt=NOW).exists()

    def test_everybody_can_log_in_with_their_role(self):
        for role, name, email in people.logins():
            user = User.objects.get(email=email)
            assert (str(user), user.groups.get().name) == (name, role)
        with override_settings(PASSWORD_HASHERS=HASHERS):
            assert self.ana.check_password(people.PASSWORD)

    def test_the_agreements_pass_the_checks_of_their_forms(self):
        assert MQLDefinition.objects.filter(state="retired").count() == 3
        for rule in MQLDefinition.objects.live().rules.all():
            rule.full_clean()
        for condition in SegmentCondition.objects.all():
            condition.full_clean()

    def test_touchpoints_lie_in_their_months_and_make_up_the_aggregate(self):
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM leads_touchpoint_default")
            assert cursor.fetchone() == (0,)
            cursor.execute(
                "SELECT lead_id, signal, (occurred_at AT TIME ZONE 'UTC')::date, count(*) "
                "FROM leads_touchpoint, unnest(signals) AS signal "
                "WHERE lead_id IS NOT NULL GROUP BY 1, 2, 3"
            )
            touched = set(cursor.fetchall())
        assert touched == set(SignalDay.objects.values_list("lead", "signal", "day", "n"))
        assert Touchpoint.objects.filter(lead=None).exists()

    def test_explanations_are_the_scorers_own_and_add_up(self):
        for qualification in Qualification.objects.select_related("definition", "handoff"):
            day, form = qualification.qualified_at.date(), qualification.definition.compiled
            found = explain(form, qualification.lead_id, today=day)
            points = sum(line["points"] for line in qualification.explanation["lines"])
            assert points == qualification.total == qualification.handoff.score
            if qualification.handoff.closed_at:
                assert qualification.explanation == found

    def test_past_packets_are_what_routing_would_have_written(self):
        closed = Handoff.objects.exclude(closed_at=None).select_related("qualification__lead")
        for handoff in closed:
            built = packet.build(handoff.qualification, now=handoff.opened_at)
            del built["earlier"], handoff.packet["earlier"]
            built["company"]["other_leads_here"] = 0
            handoff.packet["company"]["other_leads_here"] = 0
            if handoff.lead.touchpoints.filter(occurred_at__gt=handoff.opened_at).exists():
                del built["behaviour"], handoff.packet["behaviour"]
            assert handoff.packet == built

    def test_events_of_the_past_carry_what_the_verbs_write(self):
        keys = defaultdict(set)
        for event in Event.objects.all():
            keys[event.kind].add(tuple(sorted(event.data)))
        assert {kind for kind, found in keys.items() if len(found) > 1} == set()
        assert {"routing.accepted", "routing.rejected", "routing.touched"} <= set(keys)

    def test_every_owner_holds_one_open_assignment(self):
        for handoff in Handoff.objects.prefetch_related("assignments"):
            held = [one.rep_id for one in handoff.assignments.all() if one.ended_at is None]
            if handoff.state in ("offered", "accepted"):
                assert held == [handoff.owner_id]
            elif handoff.state != "qualified":
                assert held == []

    def test_turns_go_round_without_a_gap(self):
        for pool in Pool.objects.all():
            decisions = Decision.objects.filter(trace__turn__pool=pool.pk)
            turns = list(decisions.order_by("decided_at", "pk").values_list("trace__turn__number"))
            assert turns == [(number,) for number in range(1, pool.turns + 1)]
            assert sum(seat.turns for seat in pool.seats.all()) == pool.turns

    def test_every_decision_is_made_again_from_its_record(self):
        found = [one for one in replay.replayed() if one.differs]
        assert found == []

    def test_the_first_touch_stops_its_clock(self):
        clocks = Clock.objects.filter(kind="first_touch", state="stopped")
        first = clocks.annotate(first=Min("handoff__touches__occurred_at"))
        assert first.exists()
        assert not first.exclude(stopped_at=F("first")).exists()
        assert (
            not Clock.objects.filter(kind="accept", handoff__accepted_at=None)
            .filter(state="stopped")
            .exclude(handoff__state="rejected")
        )

    def test_deadlines_are_the_calendars_and_the_queue_knows_the_next_one(self):
        for clock in Clock.objects.select_related("calendar", "policy"):
            hours = clock.calendar.hours()
            due = deadlines.due(clock.target, hours, clock.started_at, clock.waits())
            assert (clock.due_at, clock.bound) == (due.due_at, due.by_bound)
        for handoff in Handoff.objects.all():
            running = handoff.clocks.running().aggregate(due=Min("due_at"))["due"]
            assert handoff.next_due_at == running

    def test_every_deadline_explains_itself_to_the_second(self):
        for clock in Clock.objects.select_related("calendar", "policy"):
            found = flight.explain(clock)
            assert found.adds_up
            assert all(one.end == other.start for one, other in pairwise(found.pieces))

    def test_the_clocks_show_what_they_can_do(self):
        assert Pause.objects.filter(ended_at=None, clock__state="paused").exists()
        assert Clock.objects.filter(bound=True).exists()
        escalated = Escalation.objects.filter(step="after-120-business-people")
        assert escalated.filter(clock__state="running").exists()
        assert Clock.objects.filter(kind="review", state="running").count() >= 1

    def test_every_broken_promise_was_noticed_once_and_the_others_go_on(self):
        for clock in Clock.objects.prefetch_related("escalations"):
            late = [one for one in clock.escalations.all() if one.step == "late"]
            if clock.state == "paused":
                assert not late
            elif clock.state == "running":
                assert len(late) == (clock.due_at < NOW - WATCHED)
                assert late or clock.next_step_at > NOW - WATCHED
            else:
                ended = clock.stopped_at or clock.cancelled_at
                assert clock.cancelled_at in (None, clock.handoff.closed_at)
                assert len(late) == (ended > clock.due_at + WATCHED)
                assert clock.next_step_at is None

    def test_stages_agree_with_their_transitions(self):
        for lead in Lead.objects.prefetch_related("transitions"):
            path = [(one.from_stage_id, one.to_stage_id) for one in lead.transitions.all()]
            ends = [lead.stage_id] if path else []
            assert [to for _, to in path][-1:] == ends
            assert [start for start, _ in path] == ["lead", *[to for _, to in path]][:-1][
                : len(path)
            ]
            assert path or lead.stage_id == "lead"

    def test_who_has_not_passed_does_not_pass_now(self):
        assert Score.objects.filter(scored_at=None).count() == 0
        assert not Score.objects.filter(qualifies=True, lead__stage="lead").exists()

    def test_a_few_close_calls_wait_for_a_marketer(self):
        waiting = Qualification.objects.waiting()
        assert waiting.count() == 4
        for asked in waiting.select_related("handoff", "lead"):
            assert (asked.cause, asked.handoff.state) == ("borderline", "review")
            assert (asked.lead.stage_id, asked.lead.status) == ("lead", "new")

    def test_every_close_call_was_asked_about_and_every_answer_has_its_consequence(self):
        live = MQLDefinition.objects.live()
        assert not unanswered(Score.objects.all(), live, now=NOW).exists()
        answered = Qualification.objects.asked().exclude(state="waiting")
        assert answered.filter(state="declined").exists()
        for one in answered.select_related("handoff", "lead"):
            assert one.actor.groups.get().name == "Marketer"
            assert one.qualified_at < one.decided_at
            if one.state == "declined":
                assert (one.handoff.state, one.handoff.closed_at) == ("withdrawn", one.decided_at)
            else:
                assert one.handoff.opened_at == one.decided_at

    def test_both_sides_agreed_on_examples_buckets_and_personas(self):
        live = MQLDefinition.objects.live()
        verdicts = judged(live.compiled, today=NOW.date())
        expected = [(example["expected"], green) for example, _, green in verdicts]
        assert sorted(expected) == [("fail", True)] * 2 + [("pass", True)] * 2
        assert len(live.compiled["buckets"]) == 4
        assert Segment.objects.filter(persona="buyer").exists()
        assert Segment.objects.filter(persona="negative").count() == 2

    def test_ana_has_something_of_everything(self):
        mine = Handoff.objects.owned_by(self.ana)
        soon = NOW + timedelta(hours=1)
        assert mine.count() == 7
        assert mine.filter(state="offered", next_due_at__range=(NOW, soon)).count() == 3
        assert mine.filter(state="offered", next_due_at__lt=NOW).count() == 1
        assert mine.filter(state="accepted", next_due_at__range=(NOW, soon)).count() == 1
        assert mine.filter(state="accepted", next_due_at__gt=soon).exists()
        assert Handoff.objects.waiting_for_team_of(self.ana).count() == 1
        assert Delivery.objects.visible_to(self.ana).unread().count() >= 4

    def test_what_is_known_of_a_lead_fits_together(self):
        spoken = set(
            Lead.objects.filter(country__in=("DE", "US")).values_list("country", "language")
        )
        assert spoken == {("DE", "de"), ("US", "en")}
        paid = Lead.objects.filter(lead_source="LinkedIn")
        assert set(paid.values_list("channel", flat=True)) == {"Paid"}
        assert Lead.objects.exclude(postal_code="").count() > LEADS / 2
        for lead in Lead.objects.exclude(postal_code=""):
            assert lead.field_values.get(field="postal_code").value == lead.postal_code

    def test_what_is_known_of_a_company_fits_together(self):
        known = Company.objects.exclude(employees=None)
        segments = {"Small business", "Mid-market", "Enterprise"}
        assert set(known.values_list("market_segment", flat=True)) == segments
        assert not known.filter(market_segment="Enterprise", employees__lte=2000).exists()
        assert not Company.objects.filter(employees=None, revenue__gt=0).exists()
        assert not Company.objects.filter(revenue=None).exclude(revenue_currency="").exists()
        swiss = Company.objects.filter(country="CH").exclude(revenue=None)
        assert set(swiss.values_list("revenue_currency", flat=True)) == {"CHF"}
        assert Company.objects.filter(tech_stack__contains=["SAP"]).exists()
        assert 0 < Company.objects.exclude(competitor_in_use="").count() < known.count() / 3

    def test_every_rep_has_work_and_every_team_something_late(self):
        for rep in Rep.objects.filter(user__is_active=True):
            assert 3 <= self.open_handoffs(owner=rep).count() <= 8
        for pool in Pool.objects.exclude(name=DESK):  # the desk of a team for another continent
            handed_back = Reassignment.objects.filter(to_pool=pool).count()
            assert self.open_handoffs(pool=pool).count() == 1 + handed_back
            assert self.open_handoffs(owner__team=pool.team, next_due_at__lt=NOW).exists()
            told = Delivery.objects.visible_to(pool.team.manager).unread()
            assert told.filter(event__kind="sla.breached").exists()

    def test_somebody_is_away_somebody_left_and_a_lead_was_handed_back(self):
        assert Absence.objects.away(NOW).get().cover is not None
        assert Absence.objects.not_over(NOW).count() == 2
        assert self.open_handoffs(owner__user__is_active=False).count() == 2
        kinds = Reassignment.objects.order_by("pk").values_list("kind", flat=True)
        assert list(kinds) == ["reassigned", "reassigned", "handed_back"]

    def test_no_mail_waits_to_be_sent(self):
        assert not Delivery.objects.exclude(state="sent").exists()


@pytest.mark.django_db
class TestCommand:
    def test_it_refuses_production_in_one_sentence(self):
        with override_settings(HANDOFF_ENV="production"), pytest.raises(CommandError) as error:
            call_command("seed_demo")
        assert str(error.value).count(".") == 1
        assert not User.objects.exists()

    def test_it_leaves_a_company_that_is_there_alone(self):
        Lead.objects.create(email="own@acme.example", created_at=NOW)
        call_command("seed_demo", "--if-empty")
        assert Lead.objects.count() == 1
        with pytest.raises(CommandError, match="empty database"):
            call_command("seed_demo")

    def test_it_needs_enough_leads_for_the_work(self):
        with pytest.raises(CommandError, match="at least 150"):
            call_command("seed_demo", "--leads", "20")

    def test_it_prints_the_log_ins_alone(self):
        out = StringIO()
        call_command("seed_demo", "--logins", stdout=out)
        lines = out.getvalue().splitlines()
        assert lines[1].split() == ["Rep", "ana@handoff.example", "handoff-demo-2026"]
        assert len(lines) == 1 + len(people.logins())
        assert not User.objects.exists()


def test_few_of_its_people_look_like_one_person():
    imagination = Imagination(random.Random(1), firms=300)
    told, firms = [], defaultdict(itertools.count(1).__next__)
    for day in range(1_000):
        story = imagination.story(NOW - timedelta(days=day % 300 + 1), until=NOW)
        lead = Lead(
            email=story.email,
            name=f"{story.first_name} {story.last_name}",
            phone=story.phone,
            country=story.country.code,
            company_id=firms[story.firm.domain] if story.firm else None,
        )
        told.append(traits_of(lead))
    holders = defaultdict(list)
    for number, one in enumerate(told):
        for key in one.keys:
            holders[key].append(number)
    pairs = {pair for one in holders.values() for pair in itertools.combinations(one, 2)}
    alike = [pair for pair in pairs if likeness(*(told[n] for n in pair))[0] >= ENOUGH]
    assert 1 <= len(alike) <= 20
