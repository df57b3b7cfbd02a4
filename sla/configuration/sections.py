"""The sections of this app, in the order in which one may refer to another."""

from sla.configuration.policies import Policies


def sections():
    """Return the sections; they refer to those of `leads` and `routing`, which come before."""
    return [Policies()]
