class Refused(Exception):
    """A verb that this handoff, in its state and for this person, does not allow."""
