"""People, whom the file names by their e-mail address and never makes."""

from operator import attrgetter

from leads.configuration.named import Reference
from leads.configuration.reading import Unreadable
from leads.models import User
from leads.text import hint


class Person(Reference):
    """A column that points to a user."""

    def find(self, run, node):
        return user(run, node)


def user(run, node):
    """Return the user of this address. Raise Unreadable if there is none."""
    return called(run, node, run.reader.text(node))


def called(run, node, address):
    """Return the user of this address, or complain at the node. Raise Unreadable if there is none.

    In whatever case it is written: addresses are kept in small letters.
    """
    found = User.objects.filter(email=address.lower()).first()
    if found is None:
        known = User.objects.values_list("email", flat=True)
        said = f"There is nobody with the address {address!r}.{hint(address, known)}"
        run.reader.complain(node, f"{said} Add people under Users; a file never does.")
        raise Unreadable
    return found


def person(column):
    """Return the Reference of a column to a user."""
    return Person(column, section="", name=attrgetter("email"))


def rep(column):
    """Return the Reference of a column to a rep."""
    return Reference(column, section="reps", name=attrgetter("user.email"))
