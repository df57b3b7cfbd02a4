"""What a merge would do, before anybody does it: by the same functions that then do it."""

from dataclasses import dataclass

from leads import signals
from leads.merging.values import Choice, choose
from leads.models import Lead, Merge


@dataclass(frozen=True)
class Foresight:
    """Two leads side by side, and what would become of them."""

    survivor: Lead
    other: Lead
    choices: list[Choice]
    effects: list[str]

    @property
    def rows(self):
        """What differs, as (label, survivor's, other's, what holds)."""
        return [
            (one.label, one.shown(one.mine), one.shown(one.theirs), one.shown(one.value))
            for one in self.choices
            if one.differs
        ]

    @property
    def same(self):
        """What both agree on, as (label, value)."""
        return [(one.label, one.shown(one.mine)) for one in self.choices if not one.differs]


def foresee(survivor, other):
    """Return the Foresight of merging `other` into `survivor`."""
    told = signals.merge_foreseen.send(sender=Merge, survivor=survivor, other=other)
    effects = [sentence for _, sentences in told for sentence in sentences or ()]
    done = other.touchpoints.count()
    times = f"{done} touchpoint{'' if done == 1 else 's'}"
    names = ", ".join(other.identities.order_by("kind", "value").values_list("value", flat=True))
    effects.append(
        f"{times} of {other.email} move to {survivor.email}; the score is worked out anew."
    )
    if names:
        effects.append(f"What comes in for {names} belongs to {survivor.email} from then on.")
    if other.opted_out and not survivor.opted_out:
        effects.append(f"{survivor.email} is opted out too: {other.email} asked for it.")
    return Foresight(survivor, other, choose(survivor, other), effects)
