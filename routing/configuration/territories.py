"""Territories, the reasons to send a lead back, and what makes it an SQL."""

from operator import attrgetter

from django.core.exceptions import ValidationError

from leads.configuration.columns import Columns
from leads.configuration.named import Named, Reference
from leads.configuration.reading import Unreadable
from leads.text import hint
from routing import checks
from routing.configuration.people import rep
from routing.models import ChecklistQuestion, RejectionReason, RuleSet, Territory


class Territories(Named):
    key, title, noun, identity = "territories", "Territories", "territory", "name"
    columns = Columns(Territory, {"position": "position"}, always=("position",))
    references = {
        "segment": Reference("segment", "segments", needed=True),
        "primary": rep("primary"),
        "backup": rep("backup"),
        "pool": Reference("pool", "pools", needed=True),
    }

    def rows(self):
        found = Territory.objects.select_related("segment", "pool", "primary__user", "backup__user")
        return {territory.name: territory for territory in found}

    def written(self):
        """In the order in which they are asked: of equal positions, the one made first."""
        return {name: self.of_row(row) for name, row in self.rows().items()}

    def in_words(self, row):
        people = ", else ".join(str(one) for one in (row.primary, row.backup, row.pool) if one)
        return f"number {row.position}: {row.segment} to {people}"

    def odd(self, row, *, today):
        return checks.overlaps_of(row, today=today)

    def notes(self, row):
        live = RuleSet.objects.live()
        frozen = [
            one
            for rule in (live.compiled["rules"] if live else ())
            for one in rule.get("territories", ())
            if one["id"] == row.pk
        ]
        try:
            older = frozen and row.form() not in frozen
        except ValidationError:
            older = bool(frozen)
        return [f"{live} was published with the older text of {row} and keeps it."] if older else []


class Group(Reference):
    """The group of a reason: a reason that is in none itself."""

    def find(self, run, node):
        code = run.reader.text(node)
        groups = {one.code: one for one in RejectionReason.objects.filter(group=None)}
        if ("rejection_reasons", code) in run.broken:
            raise Unreadable
        if code not in groups:
            said = f"There is no group {code!r} of rejection reasons.{hint(code, groups)}"
            run.reader.complain(node, said)
            raise Unreadable
        return groups[code]


class RejectionReasons(Named):
    key, title, noun = "rejection_reasons", "Rejection reasons", "rejection reason"
    identity = "code"
    columns = Columns(
        RejectionReason,
        {
            "label": "label",
            "destination": "destination",
            "needs_note": "needs_note",
            "position": "position",
            "active": "is_active",
        },
    )
    references = {"group": Group("group", "rejection_reasons", name=attrgetter("code"))}

    def rows(self):
        found = RejectionReason.objects.select_related("group")
        return {reason.code: reason for reason in found}

    def written(self):
        """Groups first, then the reasons in the order in which they are shown."""
        rows = sorted(self.rows().values(), key=lambda row: row.group_id is not None)
        return {row.code: self.of_row(row) for row in rows}

    def in_order(self, found):
        """Groups come before the reasons in them, wherever they stand in the file."""
        inside = {
            name: isinstance(node.value, dict) and "group" in node.value
            for name, node in found.items()
        }
        return {name: found[name] for name in sorted(found, key=lambda name: inside[name])}

    def more_is_right(self, row, node, given, run):
        if row.pk and row.group_id and row.reasons.exists():
            run.reader.complain(node, "This is a group with reasons in it.", "group")
            return False
        return True

    def in_words(self, row):
        return f"{row}, {row.get_destination_display().lower()}" if row.group else f"{row}, a group"


class ChecklistQuestions(Named):
    key, title, noun = "checklist_questions", "Checklist questions", "checklist question"
    identity = "code"
    columns = Columns(
        ChecklistQuestion,
        {
            "label": "label",
            "evidence": "evidence",
            "gate": "gate",
            "position": "position",
            "active": "is_active",
        },
    )

    def written(self):
        """In the order in which they are asked."""
        return {code: self.of_row(row) for code, row in self.rows().items()}
