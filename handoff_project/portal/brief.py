"""The brief of a lead: how to open the call, and which of its deeds that rests on."""

from dataclasses import dataclass, field
from datetime import timedelta

from django.db.models import Sum

from handoff_project.portal.timeline import anchor_of
from leads.conditions.personas import belonging
from leads.models import Play, Segment, Touchpoint

PLAYS = 2  # that make a brief
DAYS = 90  # in which a signal speaks for a play


@dataclass(frozen=True)
class Cue:
    """A play that fits a lead, and why: how often a signal was shown and when last."""

    play: Play
    times: int = 0
    last: Touchpoint | None = None

    @property
    def anchor(self):
        """Where the timeline shows the last of them."""
        return anchor_of(self.last) if self.last else ""


@dataclass(frozen=True)
class Brief:
    """What the first plays that fit say together; each part is from the first that has it."""

    cues: list[Cue]
    questions: dict[str, str] = field(default_factory=dict)

    @property
    def opener(self):
        return self.cues[0].play.opener if self.cues else ""

    @property
    def content(self):
        return next((cue.play.content for cue in self.cues if cue.play.content), "")

    @property
    def next_step(self):
        return next((cue.play.next_step for cue in self.cues if cue.play.next_step), "")


def brief_of(lead, *, today):
    """Return the Brief of a lead on this UTC day; it has no cue where no play fits."""
    plays = list(Play.objects.active().select_related("segment", "signal"))
    shown = _shown(lead, plays, today=today)
    asked = Segment.objects.filter(pk__in={play.segment_id for play in plays if play.segment_id})
    held = {one.pk for one in belonging(lead.pk, asked, today=today)} if plays else set()
    fitting = [play for play in plays if play.segment_id in held or play.signal_id in shown]
    cues = [_cue(lead, play, shown) for play in fitting[:PLAYS]]
    questions: dict[str, str] = {}
    for cue in cues:
        questions = cue.play.questions() | questions
    labels = {name: Play._meta.get_field(name).verbose_name for name in Play.QUESTIONS}
    return Brief(cues, {labels[name]: questions[name] for name in labels if name in questions})


def _shown(lead, plays, *, today):
    """Return `{signal's id: times}` of the plays' signals that the lead showed of late."""
    signals = {play.signal_id for play in plays if play.signal_id}
    if not signals:
        return {}
    days = lead.signal_days.filter(signal__in=signals, day__gt=today - timedelta(days=DAYS))
    found = days.order_by().values("signal").annotate(times=Sum("n"))
    return {row["signal"]: row["times"] for row in found if row["times"]}


def _cue(lead, play, shown):
    if play.signal_id is None:
        return Cue(play)
    latest = lead.touchpoints.filter(signals__contains=[play.signal_id]).order_by("-occurred_at")
    return Cue(play, shown[play.signal_id], latest.first())
