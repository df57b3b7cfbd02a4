"""The sections of this app, in the order in which one may refer to another."""

from routing.configuration.calendars import Calendars
from routing.configuration.rule_set import RuleSets
from routing.configuration.teams import Pools, Reps, Teams
from routing.configuration.territories import ChecklistQuestions, RejectionReasons, Territories


def sections():
    """Return the sections; they refer to those of `leads`, which come before."""
    return [
        *(Calendars(), Teams(), Reps(), Pools(), Territories()),
        *(RejectionReasons(), ChecklistQuestions(), RuleSets()),
    ]
