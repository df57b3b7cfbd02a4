"""When the demo company works: Ana's desk at any hour, the others in their offices' hours."""

from datetime import UTC, datetime, timedelta

from django.test import TestCase

from handoff_project.demo import company, people, present
from leads.models import User
from routing.models import Handoff
from sla.models import Clock

CHRISTMAS_NIGHT = datetime(2026, 12, 26, 2, 30, tzinfo=UTC)  # a Saturday; everybody else is away


class ChristmasNightTests(TestCase):
    @classmethod
    def setUpTestData(cls):
        company.make(seed=7, leads=150, now=CHRISTMAS_NIGHT, days=100)
        cls.running = Clock.objects.running()
        cls.soon = (CHRISTMAS_NIGHT, CHRISTMAS_NIGHT + timedelta(hours=1))

    def test_anas_clocks_run_and_are_due_within_the_hour(self):
        ana = User.objects.get(email="ana@handoff.example")
        mine = Handoff.objects.owned_by(ana)
        assert mine.filter(state="offered", next_due_at__range=self.soon).count() == 3
        assert mine.filter(state="accepted", next_due_at__range=self.soon).count() == 1
        for clock in self.running.filter(handoff__in=mine):
            assert clock.calendar.hours().is_open(CHRISTMAS_NIGHT)

    def test_the_offices_are_closed_and_still_have_work(self):
        waiting = self.running.filter(due_at__gt=CHRISTMAS_NIGHT)
        for office in people.OFFICES[1:]:
            clocks = waiting.filter(calendar__calendar__name=office.calendar)
            assert clocks.exists()
            assert not clocks.filter(due_at__range=self.soon).exists()


class DeskTests(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.pool = people.make(now=CHRISTMAS_NIGHT)["UK & Ireland"]
        cls.hours = cls.pool.team.calendar.current().hours()

    def test_the_opening_lies_as_much_open_time_back(self):
        monday = datetime(2026, 11, 16, 9, 30, tzinfo=UTC)
        opened = present.opened_before(self.hours, monday, timedelta(minutes=60))
        assert opened == datetime(2026, 11, 13, 17, 0, tzinfo=UTC)
        assert self.hours.due_at(opened, timedelta(minutes=60)) == monday

    def test_before_closing_what_is_due_soon_is_due_today(self):
        nearly = datetime(2026, 11, 18, 17, 20, tzinfo=UTC)  # ten minutes before closing
        slot = present.Desk(self.pool, ("GB",), nearly).slot("demo", "offered", target=10, left=7)
        due = self.hours.due_at(slot.opened_at, timedelta(minutes=10))
        assert nearly < due < nearly + timedelta(minutes=10)

    def test_offices_close_on_their_holidays(self):
        easter_monday = datetime(2026, 4, 6, 9, 0, tzinfo=UTC)
        assert not self.hours.is_open(easter_monday)
        assert self.hours.is_open(easter_monday + timedelta(days=1))
