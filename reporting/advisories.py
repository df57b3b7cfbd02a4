"""What the figures advise about the definition. Each advisory says its figure and its bound.

The bounds, and why:

- Rejections above 30 % of what reps answered mean a definition that lets the wrong leads through;
  above 20 % they are worth watching. Both are the usual reading of that rate.
- Below 10 % of MQLs that become SQLs, something is wrong with data, thresholds or timing. The
  cohort is 30 to 120 days old: younger MQLs had not the time, older ones met another definition.
- A rep who gives each new lead an hour (read up, call, write, follow up) can take eight on a
  working day. More than eight a day, or more than eight waiting for an answer, is overload.
- Less than one new lead a rep and week is no pipeline: the definition is too rigid.
- Weights are refined monthly, rules are audited quarterly: after 30 and 90 days without a review
  there is a reminder. So it is after 31 days without a joint review.

A rate is judged from 20 cases on; with fewer, chance alone can carry it past a bound. Too few MQLs
are noticed once there has been a definition for the four weeks over which they are counted.
"""

from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlencode

from django.urls import reverse

from leads.models import MQLDefinition
from reporting import health
from reporting.models import JointReview
from reporting.models.joint_review import DUE_AFTER

REJECTED_HIGH, REJECTED_RISING = 0.30, 0.20
CONVERTED_LOW = 0.10
FEWEST = 20  # cases from which on a rate is judged
MOST_A_DAY = 8  # new leads that one rep can take on a working day
FEWEST_A_WEEK = 1  # new leads for one rep
LEVELS = ("act", "watch", "remind")
AUDIT, REFINE = timedelta(days=90), timedelta(days=30)


@dataclass(frozen=True)
class Advisory:
    """A piece of advice: `figure` is past `bound`, and `sentence` says both.

    `level` is one of LEVELS; `url` is where to look.
    """

    kind: str
    level: str
    title: str
    sentence: str
    figure: float
    bound: float
    url: str


def advisories(*, now):
    """Return the Advisories of this moment, the most pressing first."""
    live = MQLDefinition.objects.live()
    if live is None:
        return []
    found = [_rejections(now), _conversion(now), *_volume(now), _review(live, now)]
    found.append(_joint_review(now))
    return sorted((one for one in found if one), key=lambda one: LEVELS.index(one.level))


def _rejections(now):
    rejected = health.rejected(now=now)
    if rejected.of < FEWEST or rejected.share <= REJECTED_RISING:
        return None
    high = rejected.share > REJECTED_HIGH
    bound = REJECTED_HIGH if high else REJECTED_RISING
    return Advisory(
        kind="rejections",
        level="act" if high else "watch",
        title="Tighten the definition" if high else "Rejections are rising",
        sentence=(
            f"{rejected.part} of {rejected.of} handoffs that reps answered in the last 30 days "
            f"were rejected: {_percent(rejected.share)}, above {_percent(bound)}."
        ),
        figure=rejected.share,
        bound=bound,
        url=_admin("routing_handoff", state__exact="rejected", closed_at__gt=(now - health.MONTH)),
    )


def _conversion(now):
    converted = health.converted(now=now)
    if converted.of < FEWEST or converted.share >= CONVERTED_LOW:
        return None
    return Advisory(
        kind="conversion",
        level="act",
        title="Check data, thresholds and timing",
        sentence=(
            f"{converted.part} of {converted.of} leads that became MQLs 30 to 120 days ago have "
            f"become SQLs: {_percent(converted.share)}, below {_percent(CONVERTED_LOW)}."
        ),
        figure=converted.share,
        bound=CONVERTED_LOW,
        url=_admin("routing_handoff"),
    )


def _volume(now):
    load = health.load(now=now)
    if not load.reps:
        return
    reps = f"{load.reps} rep{'' if load.reps == 1 else 's'} in rotation"
    mqls = f"{load.mqls} MQL{'' if load.mqls == 1 else 's'}"
    counted = f"{mqls} in the last {health.WEEKS} weeks for {reps}"
    if load.a_rep_and_day > MOST_A_DAY:
        yield _too_many(load.a_rep_and_day, counted, now)
    if load.waiting_a_rep > MOST_A_DAY:
        yield _backlog(load, reps)
    if load.a_rep_and_week < FEWEST_A_WEEK and _live_long_enough(now):
        yield _too_few(load.a_rep_and_week, counted, now)


def _too_many(figure, counted, now):
    return Advisory(
        kind="too_many",
        level="act",
        title="More MQLs than sales can take",
        sentence=f"{counted}: {_number(figure)} a rep and working day, above {MOST_A_DAY}. "
        "Raise a threshold, or put more reps into rotation.",
        figure=figure,
        bound=MOST_A_DAY,
        url=_opened_lately(now),
    )


def _backlog(load, reps):
    return Advisory(
        kind="backlog",
        level="act",
        title="A backlog is building up",
        sentence=f"{load.waiting} handoffs wait for an answer of {reps}: "
        f"{_number(load.waiting_a_rep)} each, above the {MOST_A_DAY} of a working day.",
        figure=load.waiting_a_rep,
        bound=MOST_A_DAY,
        url=_admin("routing_handoff", state__in="new,pooled,offered"),
    )


def _too_few(figure, counted, now):
    return Advisory(
        kind="too_few",
        level="act",
        title="Too few MQLs: the definition may be too rigid",
        sentence=f"{counted}: {_number(figure)} a rep and week, below {FEWEST_A_WEEK}. "
        "See in a draft's preview what a lower threshold would bring.",
        figure=figure,
        bound=FEWEST_A_WEEK,
        url=_opened_lately(now),
    )


def _live_long_enough(now):
    begun = now - timedelta(weeks=health.WEEKS)
    return MQLDefinition.objects.filter(published_at__lte=begun).exists()


def _review(live, now):
    since = now - live.last_looked_at
    if since < REFINE:
        return None
    audit = since >= AUDIT
    bound = (AUDIT if audit else REFINE).days
    begun = "was last reviewed" if live.reviewed_at else "was published, and never reviewed,"
    advice = "rules are audited every 90 days" if audit else "weights are refined every 30 days"
    return Advisory(
        kind="review" if audit else "weights",
        level="act" if audit else "remind",
        title="Review the definition" if audit else "Look at the weights again",
        sentence=f"{live} {begun} {since.days} days ago; {advice}.",
        figure=since.days,
        bound=bound,
        url=reverse("portal:definition"),
    )


def _joint_review(now):
    if not JointReview.objects.is_due(now=now):
        return None
    closed = JointReview.objects.exclude(closed_at=None).order_by("-closed_at").first()
    since = (now - closed.closed_at).days if closed else 0
    said = f"The last one was {since} days ago" if closed else "There was none yet"
    return Advisory(
        kind="joint_review",
        level="remind",
        title="Review ten recent MQLs together",
        sentence=f"{said}; both sides do it every month.",
        figure=since,
        bound=DUE_AFTER.days,
        url=reverse("portal:joint-reviews"),
    )


def _number(figure):
    return f"{figure:.2f}".rstrip("0").rstrip(".")


def _percent(share):
    return f"{_number(share * 100)} %"


def _opened_lately(now):
    return _admin("routing_handoff", opened_at__gt=now - timedelta(weeks=health.WEEKS))


def _admin(page, **filters):
    """The address of a list in the admin, narrowed to these rows."""
    query = {
        name: value.isoformat() if hasattr(value, "isoformat") else value
        for name, value in filters.items()
    }
    url = reverse(f"admin:{page}_changelist")
    return f"{url}?{urlencode(query)}" if query else url
