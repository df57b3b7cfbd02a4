"""What reps have planned for the leads they work: overdue, for today, for later, by a cadence."""

from datetime import timedelta

from handoff_project.demo.agreements import CADENCE
from routing.models import Cadence, FollowUp, Handoff

# What follows on a touch, in turns: (kind, business hours until it is due, what to say); the policy
# says when where that is None. The third one starts the cadence.
NEXT = (
    ("call", 3, "Ask who else has to agree, and whether the budget is there."),
    ("email", 12, "Send the comparison that they asked for."),
    None,
    ("meeting", 26, "Show the plan for their two sites."),
    ("call", None, "They wanted to talk to their manager first."),
)
SOON = timedelta(minutes=4)


def left_open(*, since):
    """Yield `(moment, step, lead, number)` for each lead that is still worked from before today.

    What was touched last before `since` has nothing planned any more.
    """
    worked = Handoff.objects.filter(state=Handoff.State.ACCEPTED, touches__entered_at__gte=since)
    for number, handoff in enumerate(worked.distinct().order_by("pk")):
        yield handoff.touches.latest("entered_at").entered_at + SOON, plan, handoff.lead, number


def plan(lead, number, *, now):
    """The rep plans what comes next for a lead."""
    handoff = Handoff.objects.select_related("owner__user", "lead").open().get(lead=lead)
    step, by = NEXT[number % len(NEXT)], handoff.owner.user
    if step is None:
        Cadence.objects.get(name=CADENCE).start(handoff, by=by, now=now)
        return
    kind, hours, note = step
    calendar = handoff.owner.working_calendar.current().hours()
    due_at = hours and calendar.due_at(now, timedelta(hours=hours))
    FollowUp.objects.plan(handoff, kind=kind, by=by, due_at=due_at, note=note, now=now)
