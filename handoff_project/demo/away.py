"""Who is away, who left, and what went elsewhere by hand: told with the real verbs."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.contrib.auth.models import Group
from django.db.models import Count, Q

from handoff_project.demo import people
from leads import roles
from leads.models import User
from routing import absences
from routing.models import Absence, Handoff, Reassignment, Rep
from routing.models.reassignment import OWNED

LEFT = "Erik Sandberg"  # no longer active, and still the owner of two leads


def happen(*, now):
    """Somebody is away, somebody plans to be, somebody left, and a lead was handed back."""
    _leave(now=now)
    _hand_back(now=now)
    _plan("dana", cover="luis", first=0, days=3, note="Moving house", now=now)
    _plan("bo", cover="priya", first=6, days=7, note="Holiday", work="cover", now=now)
    absences.begin(now=now)


def _rep(key):
    found = Rep.objects.select_related("user", "team__manager")
    return found.get(user__email=f"{key}@handoff.example")


def _busiest(team):
    """The rep of a team who holds most, apart from its first, whose desk the demo shows."""
    reps = Rep.objects.filter(team__name=team).select_related("user", "team__manager")
    held = Count("handoffs", filter=Q(handoffs__state__in=OWNED))
    return max(reps.annotate(held=held).order_by("pk")[1:], key=lambda rep: rep.held)


def _held_by(rep):
    """What a rep holds, what is not due soon first: today's work stays with whom it is."""
    held = Handoff.objects.filter(owner=rep, state__in=OWNED)
    return held.order_by("-next_due_at", "pk").select_related("lead", "owner__user", "pool")


def _leave(*, now):
    """Somebody took two leads over from a colleague, and left the company since."""
    colleague = _busiest("DACH")
    first, last = LEFT.split()
    user = User.objects.create_user(
        people.address_of(LEFT), None, first_name=first, last_name=last, zone="Europe/Berlin"
    )
    user.groups.add(Group.objects.get(name=roles.REP))
    erik = Rep.objects.create(user=user, team=colleague.team, in_rotation=False)
    Reassignment.objects.reassign_many(
        list(_held_by(colleague)[:2]),
        to=erik,
        by=colleague.team.manager,
        reason="Erik knows both companies from the trade fair",
        now=now - timedelta(minutes=50),
    )
    User.objects.filter(pk=user.pk).update(is_active=False)


def _hand_back(*, now):
    rep = _busiest("Americas")
    Reassignment.objects.hand_back(
        _held_by(rep)[0],
        by=rep.user,
        reason="They asked for somebody who speaks Portuguese",
        now=now - timedelta(minutes=25),
    )


def _plan(key, *, cover, first, days, note, now, work=Absence.OpenWork.STAYS):
    """An absence of whole days, from this many days after today; one of today begins at once."""
    rep = _rep(key)
    today = now.astimezone(ZoneInfo(rep.user.zone)).date()
    midnight = datetime.combine(today, time(), tzinfo=ZoneInfo(rep.user.zone))
    Absence.objects.create(
        rep=rep,
        cover=_rep(cover),
        starts_at=now if first == 0 else midnight + timedelta(days=first),
        ends_at=midnight + timedelta(days=first + days),
        on_open_work=work,
        note=note,
        created_by=rep.user,
    )
