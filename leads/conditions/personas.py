"""Which kinds of people a lead belongs to: the segments that are marked as personas."""

from django.core.exceptions import ValidationError
from django.db.models import Prefetch

from leads.conditions import judge, registry
from leads.conditions.terms import GROUPS
from leads.models import Segment, SegmentCondition


def personas_of(lead_id, *, today):
    """Return the persona segments in which the lead is on this UTC day, by name.

    Left out are segments without a condition, which describe nobody, and those whose conditions
    make no sense any more.
    """
    return belonging(lead_id, Segment.objects.exclude(persona=""), today=today)


def belonging(lead_id, segments, *, today):
    """Return those of the segments in which the lead is on this UTC day, in their order.

    Segments without a condition, and those that make no sense any more, hold nobody.
    """
    conditions = Prefetch("conditions", SegmentCondition.objects.select_related("signal"))
    asked = list(segments.prefetch_related(conditions))
    forms = dict(_described(asked)) if asked else {}
    held = judge.holds(lead_id, forms, today=today)
    return [segment for segment in forms if held[segment]]


def _described(segments):
    with registry.read_once():
        for segment in segments:
            try:
                form = segment.form()
            except ValidationError:
                continue
            if any(form[group] for group in GROUPS):
                yield segment, form
