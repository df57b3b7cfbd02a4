"""Segments: conditions that are named once and used by rules, routing and policies."""

from django.core.exceptions import ValidationError

from leads.configuration import terms
from leads.configuration.columns import Columns
from leads.configuration.named import Named
from leads.configuration.reading import Unreadable
from leads.models import Segment, SegmentCondition
from leads.versions import published

MOST_CONDITIONS = 200  # of one segment


class Segments(Named):
    key, title, noun = "segments", "Segments", "segment"
    identity, most = "name", 1000
    columns = Columns(Segment, {"description": "description", "persona": "persona"})
    groups = SegmentCondition.Group.values

    def rows(self):
        found = Segment.objects.prefetch_related("conditions__signal")
        return {segment.name: segment for segment in found}

    def of_row(self, row):
        return super().of_row(row) | self._grouped(row.conditions.all())

    def _grouped(self, conditions):
        """The conditions by group; an empty “all” where there are none, which means everybody."""
        found: dict[str, list] = {group: [] for group in self.groups}
        for condition in sorted(conditions, key=lambda condition: condition.pk or 0):
            found[condition.group].append(terms.of_row(condition))
        return {group: rows for group, rows in found.items() if rows} or {"all": []}

    def load_row(self, row, node, run):
        given = run.reader.keys(node, (*self.columns.keys, *self.groups))
        values, unread = self.columns.read(run.reader, given)
        for column, value in values.items():
            setattr(row, column, value)
        problems = len(run.reader.problems)
        conditions = self._conditions(given, node, run)
        right = run.reader.check(node, row, self.columns.places, unread=unread)
        if not right or len(run.reader.problems) > problems:
            return False
        row.save()
        if self._grouped(row.conditions.all()) != self._grouped(conditions):
            row.conditions.all().delete()
            for condition in conditions:
                condition.segment = row
                condition.save()
        return True

    def _conditions(self, given, node, run):
        if not isinstance(node.value, list) and not any(group in given for group in self.groups):
            run.reader.complain(
                node, "Give conditions: all, any or none. “all: []” means every lead."
            )
        made = []
        for group in self.groups:
            for one in run.reader.rows(given.get(group), most=MOST_CONDITIONS):
                try:
                    made.append(self._condition(group, one, run))
                except Unreadable:
                    continue
        return made

    def _condition(self, group, node, run):
        columns = terms.columns(run, node, run.reader.keys(node, terms.KEYS))
        condition = SegmentCondition(group=group, **columns)
        run.reader.check(node, condition, terms.places(columns), but=["segment"])
        return condition

    def in_words(self, row):
        try:
            return f"{row.sentence()}."
        except ValidationError as error:
            return " ".join(error.messages)

    def notes(self, row):
        return [
            f"{version} was published with the older text of {row} and keeps it."
            for version in published()
            if row.differs_in(version.compiled)
        ]

    def changes(self, before, after):
        said = super().changes(before, after)
        if any(before[0].get(group) != after[0].get(group) for group in self.groups):
            said.append(f"{before[1]} Now: {after[1]}")
        return said
