"""The sections of the configuration file, of all apps."""

from leads.configuration import sections as leads
from leads.configuration.definition import LIVE
from routing.configuration import sections as routing
from sla.configuration import sections as sla


def sections(which=LIVE):
    """Return the sections in the order in which one may refer to another.

    `which` version of the definition is written: see `leads.configuration.definition.chosen`.
    """
    return [*leads.sections(which), *routing.sections(), *sla.sections()]
