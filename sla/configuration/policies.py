"""Policies: of each the live version is written, and what is read becomes a draft."""

from django.core.exceptions import ValidationError

from leads.configuration.columns import Columns
from leads.configuration.named import Named, Reference
from leads.configuration.reading import Unreadable
from leads.configuration.writing import Inline, Line
from leads.versions import one_at_a_time
from routing.configuration.people import person, user
from sla.models import Policy, Step, Target
from sla.models.target import ClockKind
from sla.words import differences, policy

MOST_STEPS = 100  # of one clock
_TARGET = Columns(
    Target,
    {
        "unit": "unit",
        "minutes": "minutes",
        "cut_off": "cut_off",
        "bound_hours": "bound_hours",
        "bound_unit": "bound_unit",
    },
    always=("unit", "bound_hours", "bound_unit"),
)
_STEP = Columns(
    Step,
    {"when": "when", "minutes": "minutes", "unit": "unit", "action": "action"},
    always=("when", "action"),
)


class Policies(Named):
    """Reads and writes a version of each policy. A draft is made of what no version says yet."""

    key, title, noun, identity = "policies", "SLA policies", "policy", "name"
    most = 200
    columns = Columns(
        Policy,
        {"calendar_of": "calendar_of", "pause_hours": "pause_hours", "after_sql": "after_sql"},
    )
    references = {
        "segment": Reference("segment", "segments"),
        "review_calendar": Reference("review_calendar", "calendars"),
        "review_lead": person("review_lead"),
    }

    @property
    def known(self):
        return (*super().known, "targets", "steps")

    def rows(self):
        """By name the live policies in their order, then the newest drafts of others."""
        drafts = Policy.objects.filter(state=Policy.State.DRAFT)
        found = list(Policy.objects.live())
        taken = {one.name for one in found}
        newest = {one.name: one for one in drafts.order_by("version") if one.name not in taken}
        found += sorted(newest.values(), key=lambda one: (one.position, one.pk))
        return {one.name: one for one in found}

    def written(self):
        return {name: of_version(self, row) for name, row in self.rows().items()}

    def of_row(self, row):
        return of_version(self, row)

    def load(self, node, run):
        """Make a draft of each policy that says what none of its versions in use says."""
        one_at_a_time(Policy)
        found = run.reader.mapping(node, most=self.most)
        for position, (name, below) in enumerate(found.items(), start=1):
            draft = self._draft(name, position, below, run)
            same = self._same_as(draft) if draft else None
            if draft is None:
                run.broken.add((self.key, name))
            elif same:
                draft.delete()
                run.unchanged(self)
            else:
                self._tell_draft(draft, run)
        live = [one.name for one in Policy.objects.live() if one.name in found]
        if live != [name for name in found if name in live]:
            said = "Live policies are tried in another order than the file has: move them there."
            run.tell(self, "note", said)

    def _draft(self, name, position, node, run):
        """Return the policy that the node describes as a new draft; None if it is not right."""
        latest = Policy.objects.filter(name=name).order_by("-version").first()
        draft = Policy(name=name, version=latest.version + 1 if latest else 1)
        draft.position = latest.position if latest else position
        given = run.reader.keys(node, self.known, needed=self.needed)
        unread = self.fill(draft, given, run)
        right = run.reader.check(node, draft, self.places, unread=unread, constraints=False)
        targets = _targets(given.get("targets"), run)
        steps = _steps(given.get("steps"), run)
        if not right or targets is None or steps is None:
            return None
        draft.save()
        for part in (*targets, *(step for step, _ in steps)):
            part.policy = draft
            part.save()
        for step, people in steps:
            step.people.set(people)
        return draft

    def _same_as(self, draft):
        """Return the live version or a draft of this name that says the same, or None.

        One that was frozen with the older text of a segment does not say the same.
        """
        written, form = of_version(self, draft), _form(draft)
        others = Policy.objects.filter(name=draft.name).exclude(pk=draft.pk)
        for other in others.exclude(state=Policy.State.RETIRED).order_by("-version"):
            held = other.compiled or _form(other)
            alike = held == form if None in (held, form) else not differences(held, form)
            if alike and of_version(self, other) == written:
                return other
        return None

    def _tell_draft(self, draft, run):
        live = Policy.objects.live().filter(name=draft.name).first()
        try:
            form = draft.compile()
        except ValidationError as error:
            run.tell(self, "added", f"{draft} is a new draft.")
            said = " ".join(error.messages)
            run.tell(self, "note", f"Before it can be published: {said}")
            return
        if live is None:
            run.tell(self, "added", f"{draft} is a new draft.")
            for heading, sentences in policy(form):
                run.tell(self, "note", f"{heading}: {' '.join(sentences)}")
            return
        said = f"{draft} is a new draft. Compared with {live}, which is live:"
        run.tell(self, "changed", said)
        for heading, word, sentence in differences(live.compiled, form):
            run.tell(self, "note", f"{heading}: {word}: {sentence}")


def of_version(section, version):
    """Return what the file says of a version; the same for versions with the same content."""
    pointed = {key: one.written(version) for key, one in section.references.items()}
    found = {key: name for key, name in pointed.items() if name}
    found |= section.columns.written(version)
    targets = {one.clock: Line(_target(one)) for one in version.targets.all()}
    found["targets"] = {clock: targets[clock] for clock in ClockKind.values if clock in targets}
    steps: dict[str, list] = {}
    for step in version.steps.prefetch_related("people"):
        steps.setdefault(step.clock, []).append(_step(step))
    found["steps"] = {
        clock: sorted(steps[clock], key=_when) for clock in ClockKind.values if clock in steps
    }
    return {key: value for key, value in found.items() if value != {}}


def _target(target):
    said = _TARGET.written(target)
    ends_with_day = target.unit == Target.Unit.END_OF_DAY
    return {key: value for key, value in said.items() if key != "cut_off" or ends_with_day}


def _step(step):
    said = _STEP.written(step)
    people = Inline(sorted(person.email for person in step.people.all()))
    return Line(said | ({"people": people} if people else {}))


def _when(said):
    """Steps in the order of time; of one moment, in the order in which they are taken."""
    sign = {Step.When.BEFORE: -1, Step.When.AT: 0, Step.When.AFTER: 1}[said["when"]]
    return sign * said.get("minutes", 0)


def _targets(node, run):
    """Return the targets by clock of the node; None if one is not right."""
    found: list = []
    for clock, below in run.reader.keys(node, ClockKind.values).items() if node else ():
        given = run.reader.keys(below, _TARGET.keys)
        values, unread = _TARGET.read(run.reader, given)
        target = Target(clock=clock, **values)
        problems = len(run.reader.problems)
        right = run.reader.check(below, target, _TARGET.places, unread=unread, but=["policy"])
        if right:
            for said in target.problems():
                run.reader.complain(below, said)
        found.append(target if right and len(run.reader.problems) == problems else None)
    return None if None in found else found


def _steps(node, run):
    """Return the steps of the node as `(step, people)`; None if one is not right."""
    found: list = []
    for clock, below in run.reader.keys(node, ClockKind.values).items() if node else ():
        seen: set = set()
        for one in run.reader.rows(below, most=MOST_STEPS):
            step = _read_step(clock, one, run)
            kind = step and (step[0].when, step[0].minutes, step[0].unit, step[0].action)
            if step and kind in seen:
                run.reader.complain(one, "There is such a step already: put the people together.")
                step = None
            seen.add(kind)
            found.append(step)
    return None if None in found else found


def _read_step(clock, node, run):
    given = run.reader.keys(node, (*_STEP.keys, "people"), needed=["action"])
    values, unread = _STEP.read(run.reader, {k: v for k, v in given.items() if k != "people"})
    people, rows = [], given.get("people")
    for one in rows.value if rows and isinstance(rows.value, list) else [rows] if rows else []:
        try:
            people.append(user(run, one))
        except Unreadable:
            unread.add("people")
    step = Step(clock=clock, **values)
    right = run.reader.check(node, step, _STEP.places, unread=unread, but=["policy", "people"])
    return (step, people) if right else None


def _form(version):
    try:
        return version.compile()
    except ValidationError:  # a draft that is not complete
        return None
