"""The rule set: one version is written, and what is read becomes a draft."""

from django.core.exceptions import ValidationError

from leads.configuration.columns import Columns
from leads.configuration.named import Reference
from leads.configuration.reading import Unreadable
from leads.versions import one_at_a_time
from routing import checks
from routing.configuration.people import rep
from routing.models import Rule, RuleSet
from routing.words import differences, in_words

MOST_RULES = 1000
KEYS = ("note", "catch_all", "rules")
_TOP = Columns(RuleSet, {"note": "note"})
_CATCH_ALL = Reference("catch_all", "pools", needed=True)
_COLUMNS = Columns(
    Rule,
    {
        "label": "label",
        "target": "target",
        "method": "method",
        "otherwise": "otherwise",
        "open_cap": "open_cap",
        "daily_cap": "daily_cap",
        "working_hours": "working_hours",
        "match_language": "match_language",
        "skills": "skills",
        "active": "is_active",
    },
    always=("label", "target", "method"),
)
_POINTED = {
    "segment": Reference("segment", "segments"),
    "rep": rep("rep"),
    "pool": Reference("pool", "pools"),
}
_FIRST = ("label", "segment", "target", "rep", "pool")  # how a rule is best read


def chosen():
    """Return the live rule set; before the first one, the newest draft; None without any."""
    drafts = RuleSet.objects.filter(state=RuleSet.State.DRAFT).order_by("-version")
    return RuleSet.objects.live() or drafts.first()


class RuleSets:
    """Reads and writes one rule set. Reading makes a draft, unless one version says it already."""

    key, title = "rule_set", "Rule set"

    def written(self):
        """Return what the file says of the live rule set."""
        version = chosen()
        return of_version(version) if version else {}

    def load(self, node, run):
        """Make a draft of the node, if it says anything that no present version says."""
        one_at_a_time(RuleSet)
        given = run.reader.keys(node, KEYS, needed=["catch_all"])
        draft, before = RuleSet(), len(run.reader.problems)
        values, unread = _TOP.read(run.reader, given)
        draft.note = values.get("note", "")
        try:
            draft.catch_all = _CATCH_ALL.find(run, given["catch_all"])
        except (Unreadable, KeyError):
            unread.add("catch_all")
        run.reader.check(node, draft, _TOP.places, unread=unread)
        rows = run.reader.rows(given.get("rules"), most=MOST_RULES)
        rules = [_rule(one, position, run) for position, one in enumerate(rows, start=1)]
        # What is named wrongly has been said, if not here then where it is described.
        if len(run.reader.problems) > before or unread or None in rules:
            return
        draft.save()
        for rule in rules:
            rule.rule_set = draft
            rule.save()
        self._keep(draft, node, run)

    def _keep(self, draft, node, run):
        try:
            form = draft.compile()
        except ValidationError as error:
            run.reader.complain(node, " ".join(error.messages))
            return
        same = _same_as(draft, form)
        if same:
            draft.delete()
            run.tell(self, "note", f"{same}, {same.get_state_display().lower()}, says the same.")
            return
        self._tell(draft, form, run)

    def _tell(self, draft, form, run):
        live = RuleSet.objects.live()
        if live is None:
            run.tell(self, "note", f"{draft} is a new draft, and nothing is live yet.")
            for heading, sentences in in_words(form):
                for said in sentences:
                    run.tell(self, "added", f"{heading}: {said}")
        else:
            run.tell(self, "note", f"{draft} is a new draft. Compared with {live}, which is live:")
            if live.note != draft.note:
                said = f"Note: {live.note or 'none'} Now: {draft.note or 'none'}"
                run.tell(self, "changed", said)
            for word, said in differences(live.compiled, form):
                run.tell(self, word, said)
            for word, before, after in (("added", live, draft), ("removed", draft, live)):
                for label in sorted(_off(after) - _off(before)):
                    run.tell(self, word, f"Not in force: {label}")
        for said in checks.warnings(form, today=run.now.date()):
            run.tell(self, "note", f"Look at this again: {said}")
        run.tell(self, "note", f"{draft} is a draft: read it in the admin and publish it there.")


def of_version(version):
    """Return what the file says of a rule set; the same for versions with the same content."""
    rules = version.rules.select_related("segment", "pool", "rep__user")
    found = _TOP.written(version) | {"catch_all": version.catch_all.name}
    found["rules"] = [_of_rule(rule) for rule in rules.order_by("position", "pk")]
    return found


def _of_rule(rule):
    pointed = {key: one.written(rule) for key, one in _POINTED.items()}
    said = _COLUMNS.written(rule) | {key: name for key, name in pointed.items() if name}
    first = [key for key in _FIRST if key in said]
    return {key: said[key] for key in (*first, *(key for key in said if key not in first))}


def _rule(node, position, run):
    """Return the rule that the node describes; None if it is not right."""
    given = run.reader.keys(node, (*_COLUMNS.keys, *_POINTED), needed=_COLUMNS.needed)
    values, unread = _COLUMNS.read(run.reader, given)
    for key, reference in _POINTED.items():
        try:
            values[reference.column] = reference.find(run, given[key]) if key in given else None
        except Unreadable:
            unread.add(reference.column)
    rule = Rule(position=position, **values)
    places = _COLUMNS.places | {one.column: (key,) for key, one in _POINTED.items()}
    right = run.reader.check(node, rule, places, unread=unread, but=["rule_set"], constraints=False)
    return rule if right else None


def _same_as(draft, form):
    """Return the live rule set or a draft that says what this draft says, or None.

    One that was frozen with the older text of a segment or territory does not say the same.
    """
    live = RuleSet.objects.filter(state=RuleSet.State.PUBLISHED)
    drafts = RuleSet.objects.filter(state=RuleSet.State.DRAFT).exclude(pk=draft.pk)
    written = of_version(draft)
    for other in (*live, *drafts.order_by("-version")):
        if of_version(other) == written and _content(_form(other)) == _content(form):
            return other
    return None


def _form(version):
    try:
        return version.readable()
    except ValidationError:  # a draft that makes no sense
        return None


def _content(form):
    """A compiled form without the ids of its rules and its number, which every version has anew."""
    return form and [
        {key: value for key, value in rule.items() if key != "id"} for rule in form["rules"]
    ]


def _off(version):
    rules = version.rules.filter(is_active=False).select_related("segment", "pool", "rep__user")
    return {rule.label for rule in rules}
