"""How far everybody's scores are by the live definition, for the pages about definitions."""

from leads.models import MQLDefinition, Rescoring

SHOWN = 5  # passes on the page of a version


def standing(*, now):
    """Return how the scores stand: in words while they are behind, and the newest pass of all."""
    live, passes = MQLDefinition.objects.live(), Rescoring.objects.with_reasons()
    return {
        "live": live,
        "behind": Rescoring.objects.behind(live, today=now.date()),
        "newest": passes.newest() if live else None,
    }


def of_version(version, *, now):
    """Return the same and the passes over everybody by this version, newest first.

    Of those that only a new day caused, there is one for each day: the latest is enough.
    """
    passes = Rescoring.objects.with_reasons().filter(definition=version)
    new_day = Rescoring.Cause.NEW_DAY
    daily = passes.filter(cause=new_day).newest()
    others = passes.exclude(cause=new_day).order_by("-started_at", "-pk")[:SHOWN]
    found = sorted([*others, *filter(None, [daily])], key=lambda one: one.started_at, reverse=True)
    return standing(now=now) | {"passes": found}
