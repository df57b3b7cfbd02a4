"""Judges the stories day by day with the definition that was live then: who became an MQL, when."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from handoff_project.demo.arrivals import utc_day
from handoff_project.demo.reviews import Answer
from handoff_project.demo.stories import Story
from leads.models import Lead, MQLDefinition, Qualification
from leads.scoring import statement
from leads.scoring.explain import of_row


@dataclass(eq=False)
class Passed:
    """A story that met a definition, or nearly: at which moment, and what the score was made of.

    `asked_at` is when a marketer was asked, where one was, and `answer` what they said; without
    it the lead passed by itself in the end. `at` is when it became an MQL or was declined.
    """

    story: Story
    lead: Lead
    definition: MQLDefinition
    at: datetime
    found: dict
    asked_at: datetime | None = None
    answer: Answer | None = None

    @property
    def cause(self):
        causes = Qualification.Cause
        if not self.found["qualifies"]:
            return causes.BORDERLINE
        return causes.FAST_TRACK if self.found["fast_track"] else causes.THRESHOLD

    @property
    def is_confirmed(self):
        """Whether a marketer said yes."""
        return self.answer is not None and self.answer.confirms


def judge(arrivals, marketers, *, until):
    """Return `(passed, declined)` before the UTC day `until`, oldest first.

    Leads are judged on days when they showed a signal and when a new definition was published.
    Each passes once and is asked about once: the cool-down is longer than there are questions.
    """
    definitions = list(MQLDefinition.objects.exclude(published_at=None).order_by("published_at"))
    passed: dict[Story, Passed] = {}
    asked: dict[Story, Passed] = {}
    for day in sorted(day for day in arrivals.days if day < until):
        live = [one for one in definitions if utc_day(one.published_at) <= day][-1]
        stories = arrivals.days[day]
        if utc_day(live.published_at) == day:
            stories = _everybody(arrivals, until=day)
        waiting = {arrivals.leads[one.number].pk: one for one in stories if one not in passed}
        for row in _met(live, waiting, day):
            story = waiting[row["lead_id"]]
            lead, at = arrivals.leads[story.number], _moment(story, day, live)
            found = Passed(story, lead, live, at, of_row(live.compiled, row))
            if not row["qualifies"]:
                asked[story] = asked.get(story) or _asked(found, marketers)
            elif story not in asked or not asked[story].is_confirmed or asked[story].at > at:
                passed[story] = _by_itself(found, asked)
    confirmed = [one for one in asked.values() if one.is_confirmed]
    declined = [one for one in asked.values() if not one.is_confirmed]
    return _in_order([*passed.values(), *confirmed]), _in_order(declined)


def _asked(found, marketers):
    answer = marketers.answer(found.at)
    return replace(found, at=answer.at, asked_at=found.at, answer=answer)


def _by_itself(found, asked):
    """A lead that passes while a marketer is being asked needs no answer any more."""
    question = asked.get(found.story)
    if question is None or question.at <= found.at:
        return found
    del asked[found.story]
    return replace(found, asked_at=question.asked_at)


def _in_order(found):
    return sorted(found, key=lambda one: (one.at, one.story.number))


def _everybody(arrivals, *, until):
    seen = [stories for day, stories in arrivals.days.items() if day <= until]
    return {story: None for stories in seen for story in stories}


def _met(definition, lead_ids, day):
    """The rows of those that meet the definition or are borderline, by lead."""
    if not lead_ids:
        return []
    rows = statement.rows(definition.compiled, today=day, lead_ids=lead_ids)
    met = [row for row in rows if row["qualifies"] or row["borderline"]]
    return sorted(met, key=lambda row: row["lead_id"])


def _moment(story, day, definition):
    """Just after the lead's last step of the day, and after the publication."""
    steps = [step.at for step in story.steps if utc_day(step.at) == day]
    return max([*steps, definition.published_at]) + timedelta(seconds=1)
