"""The sections of this app, in the order in which one may refer to another."""

from leads.configuration.definition import LIVE, Definition
from leads.configuration.endpoints import Endpoints
from leads.configuration.named import CustomFields, NurtureTracks, Signals, ValueLists
from leads.configuration.segments import Segments


def sections(which=LIVE):
    """Return the sections. `which` version of the definition is written: see `chosen`."""
    named = [CustomFields(), Signals(), NurtureTracks(), ValueLists()]
    return [*named, Segments(), Definition(which), Endpoints()]
