"""Judges the stories day by day with the definition that was live then: who became an MQL, when."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from handoff_project.demo.arrivals import utc_day
from handoff_project.demo.stories import Story
from leads.models import Lead, MQLDefinition, Qualification
from leads.scoring import explain, statement


@dataclass(eq=False)
class Passed:
    """A story that met a definition: at which moment, and what the score was made of."""

    story: Story
    lead: Lead
    definition: MQLDefinition
    at: datetime
    found: dict

    @property
    def cause(self):
        causes = Qualification.Cause
        return causes.FAST_TRACK if self.found["fast_track"] else causes.THRESHOLD


def judge(arrivals, *, until):
    """Return what passed before the UTC day `until`, oldest first; each lead passes once.

    Leads are judged on days when they showed a signal and when a new definition was published.
    """
    definitions = list(MQLDefinition.objects.exclude(published_at=None).order_by("published_at"))
    done, passed = set(), []
    for day in sorted(day for day in arrivals.days if day < until):
        live = [one for one in definitions if utc_day(one.published_at) <= day][-1]
        asked = arrivals.days[day]
        if utc_day(live.published_at) == day:
            asked = _everybody(arrivals, until=day)
        waiting = {arrivals.leads[story.number].pk: story for story in asked if story not in done}
        for row in _passing(live, waiting, day):
            story = waiting[row["lead_id"]]
            done.add(story)
            lead, at = arrivals.leads[story.number], _moment(story, day, live)
            passed.append(Passed(story, lead, live, at, explained(live.compiled, row)))
    return sorted(passed, key=lambda one: (one.at, one.story.number))


def _everybody(arrivals, *, until):
    seen = [stories for day, stories in arrivals.days.items() if day <= until]
    return {story: None for stories in seen for story in stories}


def _passing(definition, lead_ids, day):
    if not lead_ids:
        return []
    rows = statement.rows(definition.compiled, today=day, lead_ids=lead_ids)
    return sorted((row for row in rows if row["qualifies"]), key=lambda row: row["lead_id"])


def explained(form, row):
    """Return what `leads.scoring.explain` says about a lead whose row is here already."""
    lines = [
        {
            "rule": rule["id"],
            "kind": rule["kind"],
            "label": rule["label"],
            "sentence": explain.sentence(rule),
            "count": row[f"n_{rule['id']}"],
            "points": row[f"points_{rule['id']}"] if rule["kind"] in ("fit", "interest") else 0,
            "counted": row[f"n_{rule['id']}"] > 0,
        }
        for rule in form["rules"]
    ]
    return {name: row[name] for name in statement.TOTALS} | {"lines": lines}


def _moment(story, day, definition):
    """Just after the lead's last step of the day; without one, after the publication."""
    steps = [step.at for step in story.steps if utc_day(step.at) == day]
    return max(steps, default=definition.published_at) + timedelta(seconds=1)
