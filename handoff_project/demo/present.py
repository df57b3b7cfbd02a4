"""Today's work, opened and worked with the real verbs at moments of the last business hours."""

from dataclasses import dataclass
from datetime import timedelta

from django.db.models import F, Value
from django.db.models.functions import Least

from handoff_project.demo import away, planned
from leads.models import Delivery, User
from leads.scoring.qualify import qualify
from reporting import slowing
from routing import router
from routing.models import ChecklistAnswer, Handoff, RejectionReason, Rep, Touch, checklist
from routing.roster import Roster
from routing.rotation import EXACT
from sla import inbox, pauses
from sla.models import Clock
from sla.watch import watch

# What becomes of each rep's four turns, oldest first, by the rep's place in the team.
SCRIPTS = (
    ("late", "offered", "offered", "offered"),
    ("touched", "waiting", "offered", "offered"),
    ("untouched", "rejected", "paused", "offered"),
    ("touched", "offered", "touched", "offered"),
)
ROUNDS = len(SCRIPTS[0])
# What the first rep of the first team has claimed from the pool: (what became of it, opened this
# many business minutes ago, or minutes that are left until the first touch is due).
CLAIMS = (("touched", 340, None), ("untouched", 300, None), ("waiting", None, 35))
# Business minutes after the opening at which a script's steps are taken.
ACCEPTED, TOUCHED, REJECTED, PAUSED = 18, 40, 30, 24
# Leads that just miss the definition: (what the marketer says, asked this many minutes ago).
CLOSE_CALLS = (("ask", 410), ("decline", 330), ("ask", 260), ("ask", 130), ("ask", 20))
OFFICE_COUNTRIES = (("DE", "AT", "CH"), ("GB", "IE"), ("US", "CA"))
COUNT = len(OFFICE_COUNTRIES) * (len(SCRIPTS) * ROUNDS + 1) + len(CLAIMS) + len(CLOSE_CALLS)
FIRST = 470  # business minutes since the oldest of them was opened
NOTICED = timedelta(seconds=2)  # the watch looks every few seconds


@dataclass
class Slot:
    """One handoff of today: what kind of lead, when opened, what becomes of it, who claims it."""

    kind: str
    script: str
    pool: object
    countries: tuple
    opened_at: object
    claimed_by: Rep | None = None


def plan(pools, *, now):
    """Return today's slots; `pools` are those of the offices, in their order."""
    slots = []
    for pool, countries in zip(pools, OFFICE_COUNTRIES, strict=True):
        desk = Desk(pool, countries, now)
        slots += [*desk.turns(), desk.slot("enterprise", "pooled", target=120, left=45)]
    first = Desk(pools[0], OFFICE_COUNTRIES[0], now)
    for script, ago, left in CLAIMS:
        slots.append(first.slot("enterprise", script, target=240, ago=ago, left=left))
        slots[-1].claimed_by = first.reps[0]
    slots += [first.slot("close", script, target=0, ago=ago) for script, ago in CLOSE_CALLS]
    return slots


class Desk:
    """One team at this moment: whose turn is next, and how far away its closing time is."""

    def __init__(self, pool, countries, now):
        self.pool, self.countries, self.now = pool, countries, now
        self.hours = pool.team.calendar.current().hours()
        self.reps = list(Rep.objects.filter(team=pool.team).select_related("user").order_by("pk"))
        self.stretch = self._stretch()

    def turns(self):
        """Slots for every rep's turns, in the order in which the rotation will come by them."""
        pools = Roster.loaded([self.pool.pk], [], now=self.now, lock=False).pools
        seats = sorted(
            pools[self.pool.pk].places,
            key=lambda one: (-round(one.credit, EXACT), one.last_turn),
        )
        order = [rep.pk for rep in self.reps]
        places = [order.index(seat.rep) for seat in seats]
        return [
            self._turn(turn, step, SCRIPTS[place][turn])
            for turn in range(ROUNDS)
            for step, place in enumerate(places)
        ]

    def _turn(self, turn, step, script):
        if turn == 0:
            return self.slot("standard", script, target=120, ago=FIRST - 30 * step)
        if turn == ROUNDS - 1 and step == len(SCRIPTS) - 1:
            return self.slot("demo", script, target=10, left=7)
        if turn == ROUNDS - 1:
            return self.slot("pricing", script, target=30, left=12 + 4 * step)
        return self.slot("standard", script, target=120, left=24 * turn - 16 + 5 * step)

    def slot(self, kind, script, *, target, ago=None, left=None):
        """A slot opened `ago` business minutes ago, or with `left` minutes until the target."""
        minutes = target - left * self.stretch if ago is None else ago
        opened = opened_before(self.hours, self.now, timedelta(minutes=minutes))
        return Slot(kind, script, self.pool, self.countries, opened)

    def _stretch(self):
        """Less than 1 in the last hour before closing: so that what is due soon is due today."""
        if not self.hours.is_open(self.now):
            return 1.0
        ((_, closes), *_) = self.hours.segments(self.now, self.now + timedelta(days=1))
        return max(0.02, min(1.0, (closes - self.now) / timedelta(hours=1)))


def opened_before(hours, now, business_time):
    """Return the moment since which this much business time has passed."""
    wanted = business_time
    for start, end in reversed(hours.segments(now - timedelta(days=30), now)):
        if wanted <= end - start:
            return end - wanted
        wanted -= end - start
    raise ValueError("The calendar was hardly open in the last 30 days.")


class Today:
    """Takes every step of every slot, in the order of time."""

    def __init__(self, slots, leads):
        self.agenda = []
        for number, (slot, lead) in enumerate(zip(slots, leads, strict=True)):
            self._note(number, slot, lead)

    def happen(self, *, now):
        """Open and work the slots; reminders and missed deadlines are noticed in between."""
        for at, *step in planned.left_open(since=now - timedelta(days=4)):
            self._add(at, *step)
        for at, _, step, *details in sorted(self.agenda, key=lambda entry: entry[:2]):
            _catch_up(until=at)
            step(*details, now=at)
        _catch_up(until=now)
        away.happen(now=now)
        _look_after(now=now)
        slowing.check(now=now)
        _send(now=now)

    def _note(self, number, slot, lead):
        hours = slot.pool.team.calendar.current().hours()

        def later(minutes):
            return hours.due_at(slot.opened_at, timedelta(minutes=minutes))

        self._add(slot.opened_at, _ask if slot.kind == "close" else _open, lead)
        if slot.script == "decline":
            self._add(later(REJECTED), _decline, lead)
        if slot.script in ("touched", "untouched", "waiting", "paused"):
            self._add(later(ACCEPTED), _accept, lead, slot.claimed_by)
        if slot.script == "paused":
            self._add(later(PAUSED), _pause, lead)
        if slot.script == "touched":
            self._add(later(TOUCHED), _touch, lead, number)
            self._add(later(TOUCHED + 2), planned.plan, lead, number)
        if slot.script == "rejected":
            self._add(later(REJECTED), _reject, lead, number)

    def _add(self, at, step, *details):
        self.agenda.append((at, len(self.agenda), step, *details))


def _open(lead, *, now):
    qualify(lead.pk, now=now)
    router.route_new(now=now + timedelta(seconds=1))


def _ask(lead, *, now):
    qualify(lead.pk, now=now)


def _decline(lead, *, now):
    mark = User.objects.get(email="mark@handoff.example")
    lead.qualifications.get().decline(by=mark, note="No project before next year.", now=now)


def _handoff(lead):
    return Handoff.objects.select_related("owner__user", "lead", "pool").get(lead=lead)


def _accept(lead, rep, *, now):
    handoff = _handoff(lead)
    handoff.accept(by=(rep or handoff.owner).user, now=now)


def _pause(lead, *, now):
    handoff = _handoff(lead)
    if pauses.pausable(handoff, now=now):
        pauses.pause(handoff, by=handoff.owner.user, cause="Asked to be called tomorrow", now=now)


def _touch(lead, number, *, now):
    handoff = _handoff(lead)
    reached = number % 2
    Touch.objects.log(
        handoff,
        by=handoff.owner.user,
        now=now,
        channel=Touch.Channel.CALL if reached else Touch.Channel.EMAIL,
        outcome=Touch.Outcome.CONNECTED if reached else Touch.Outcome.SENT,
        note="Wants to see scheduling; call again on Thursday." if reached else "",
    )
    if reached:
        _answer(handoff, now=now)


def _answer(handoff, *, now):
    """What a first call brought to light; the rest is still to be asked."""
    asked = {question.code: question for question in checklist.questions()}
    said = {
        asked["need"]: (ChecklistAnswer.Answer.CONFIRMED, "Plans shifts in spreadsheets today."),
        asked["authority"]: (ChecklistAnswer.Answer.CONFIRMED, "Decides with the head of plant."),
        asked["timeline"]: (ChecklistAnswer.Answer.UNKNOWN, "Asks the board in a fortnight."),
    }
    ChecklistAnswer.objects.note(handoff, by=handoff.owner.user, said=said, now=now)


def _reject(lead, number, *, now):
    handoff = _handoff(lead)
    reasons = RejectionReason.objects.exclude(group=None).filter(needs_note=False)
    reason = reasons[number % reasons.count()]
    handoff.reject(by=handoff.owner.user, reason=reason, note="Told me so on the phone.", now=now)


def _catch_up(*, until):
    """Have the watch look whenever a step of a clock was due by then."""
    waiting = Clock.objects.running().filter(next_step_at__lte=until - NOTICED)
    while due := waiting.order_by("next_step_at").values_list("next_step_at", flat=True).first():
        watch(now=due + NOTICED)


def _look_after(*, now):
    """The manager looks after one of the late leads."""
    mia = User.objects.get(email="mia@handoff.example")
    late = inbox.listed(mia, inbox.OPEN, now=now).select_related("lead").first()
    if late:
        inbox.acknowledge(late, by=mia, note="Called the rep: they try again at noon.", now=now)


def _send(*, now):
    """Nothing of this may be mailed again; only what still wants an answer is unread."""
    mails = Delivery.objects.filter(state=Delivery.State.PENDING)
    mails.update(state=Delivery.State.SENT, sent_at=Least("available_at", Value(now)), attempts=1)
    waiting = Handoff.objects.filter(state__in=(Handoff.State.OFFERED, Handoff.State.POOLED))
    settled = Delivery.objects.unread().exclude(event__lead__in=waiting.values("lead"))
    settled.exclude(event__kind="sla.breached").update(
        read_at=F("available_at") + timedelta(minutes=1)
    )
