"""What both sides do with a lead: its bucket, in the words of the definition that holds."""

from dataclasses import dataclass

from leads.models import MQLDefinition, Score
from routing.models import Handoff

WITH_SALES = (
    Handoff.State.NEW,
    Handoff.State.POOLED,
    Handoff.State.OFFERED,
    Handoff.State.ACCEPTED,
    Handoff.State.QUALIFIED,
)


@dataclass(frozen=True)
class Guide:
    """The agreed words for one bucket.

    `although` is the bucket that the points alone would give, where a lead was handed over all
    the same: by a fast track or by a person.
    """

    bucket: str
    do: str
    dont: str
    although: str = ""


def guide_for(lead, handoff=None):
    """Return the Guide of a lead; None where there is no score or no live definition.

    Whatever is with sales was passed on as ready, so the words of that bucket hold for it. For
    what a do-not-pass rule keeps back no bucket says what to do.
    """
    live = MQLDefinition.objects.live()
    if live is None:
        return None
    if handoff is not None and handoff.state in WITH_SALES:
        points = handoff.packet.get("score", {}).get("bucket")
        return _guide(live, Score.Bucket.GOOD_READY, points)
    score = getattr(lead, "score", None)
    if score is None or score.do_not_pass:
        return None
    return _guide(live, score.bucket, score.bucket)


def _guide(live, bucket, points):
    words = live.compiled.get("buckets", {}).get(bucket)
    if words is None:  # published before buckets had words
        return None
    although = Score.Bucket(points).label if points and points != bucket else ""
    return Guide(Score.Bucket(bucket).label, words["do"], words["dont"], although)
