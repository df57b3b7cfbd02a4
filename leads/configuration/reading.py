"""Values taken from nodes. Every problem is collected, so that one run names them all."""

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError

from leads.configuration.document import Problem
from leads.text import hint

MISSING = "This is missing."


class Unreadable(Exception):
    """A value was no value of its kind; the problem has been collected."""


class Reader:
    """Takes values from nodes and collects what is wrong with them."""

    def __init__(self):
        self._problems: dict[Problem, None] = {}  # in their order, each once

    def complain(self, node, message, *steps):
        """Note what is wrong with the node, or with what is or should be at `steps` below it."""
        for step in steps:
            below = node.value.get(step) if isinstance(node.value, dict) else None
            if below is None:
                self._note(Problem((*node.path, *steps), node.line, message))
                return
            node, steps = below, steps[1:]
        self._note(Problem(node.path, node.line, message))

    def _note(self, problem):
        self._problems[problem] = None

    @property
    def problems(self):
        """What was wrong up to now."""
        return list(self._problems)

    def mapping(self, node, *, most=None):
        """Return the nodes by key of a mapping; empty where there is nothing."""
        if node is None or node.value is None:
            return {}
        if not isinstance(node.value, dict):
            self.complain(node, "Write keys with values here, “key: value”.")
            return {}
        return self._bounded(node, node.value, most)

    def rows(self, node, *, most=None):
        """Return the nodes of a list; empty where there is nothing."""
        if node is None or node.value is None:
            return []
        if not isinstance(node.value, list):
            self.complain(node, "Write a list here, one “- ...” for each.")
            return []
        return self._bounded(node, node.value, most)

    def _bounded(self, node, found, most):
        if most is not None and len(found) > most:
            self.complain(node, f"There can be at most {most:,} here; these are {len(found):,}.")
            return type(found)()
        return found

    def keys(self, node, known, *, needed=()):
        """Return the nodes by key of a mapping that has no keys but the known ones.

        A key without a value is as good as left out.
        """
        found = self.mapping(node)
        for key in found:
            if key not in known:
                self.complain(node, f"There is no such key here.{hint(key, known)}", key)
        given = {key: one for key, one in found.items() if key in known and one.value is not None}
        if node.value is None or isinstance(node.value, dict):
            for key in needed:
                if key not in given:
                    self.complain(node, MISSING, key)
        return given

    def only(self, node, given, known, what):
        """Complain of those of the given keys that this kind of thing does not have."""
        for key in given:
            if key not in known:
                self.complain(node, f"{what} has no {key!r}.", key)

    def text(self, node):
        """Return one line of text."""
        if isinstance(node.value, list | dict):
            self._refuse(node, "This is not a text.")
        if node.value is None:
            self._refuse(node, "This is empty.")
        return node.text

    def number(self, node):
        """Return a whole number."""
        if isinstance(node.value, bool) or not isinstance(node.value, int):
            self._refuse(node, f"{shown(node)} is not a whole number.")
        return node.value

    def yes_no(self, node):
        """Return True or False."""
        answers = {"yes": True, "no": False, "true": True, "false": False}
        if isinstance(node.value, list | dict) or node.text.lower() not in answers:
            self._refuse(node, f"{shown(node)} is neither yes nor no.")
        return answers[node.text.lower()]

    def one_of(self, node, values):
        """Return one of these texts."""
        said = self.text(node)
        if said not in values:
            known = ", ".join(value for value in values if value)
            self._refuse(node, f"{said!r} is none of: {known}.{hint(said, values)}")
        return said

    def every(self, reads):
        """Return what each of these reads, by name.

        Raise Unreadable if one cannot, after the last: all problems are collected.
        """
        found, unreadable = {}, False
        for name, read in reads.items():
            try:
                found[name] = read()
            except Unreadable:
                unreadable = True
        if unreadable:
            raise Unreadable
        return found

    def texts(self, node):
        """Return a list of texts; a single text is a list of one."""
        rows = node.value if isinstance(node.value, list) else [node]
        return [self.text(one) for one in rows]

    def _refuse(self, node, message):
        self.complain(node, message)
        raise Unreadable

    def check(self, node, row, places, *, unread=(), but=(), constraints=True):
        """Have the model check the row; return whether it, and all that was read of it, is right.

        `places` says, by column, at which steps below the node its value stands; `unread` are the
        columns that could not be read; `but` are columns that cannot be wrong, or are filled in
        later. Without `constraints`, those of the table are left to the database: each is a query.
        """
        try:
            row.full_clean(exclude={*but, *unread}, validate_constraints=constraints)
        except ValidationError as error:
            found = error.message_dict
        else:
            return not unread
        # What is not about one column may come from what could not be read.
        doubtful = {*unread, NON_FIELD_ERRORS} if unread else ()
        for column, messages in found.items():
            for message in messages if column not in doubtful else ():
                self.complain(node, message, *places.get(column, ()))
        return False


def shown(node):
    """Return the node's value as a message quotes it."""
    if isinstance(node.value, list | dict):
        return "This"
    return repr(node.text) if len(node.text) <= 60 else repr(node.text[:60] + "...")
