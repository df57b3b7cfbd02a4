"""The sections of this app, in the order in which one may refer to another."""

from leads.configuration.definition import LIVE, Definition
from leads.configuration.named import CustomFields, NurtureTracks, Signals
from leads.configuration.segments import Segments


def sections(which=LIVE):
    """Return the sections. `which` version of the definition is written: see `chosen`."""
    return [CustomFields(), Signals(), NurtureTracks(), Segments(), Definition(which)]
