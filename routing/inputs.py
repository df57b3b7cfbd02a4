"""What one routing decision looks at, and what comes of it, as values that JSON can hold."""

from dataclasses import dataclass, field
from typing import NamedTuple

from routing.rotation import Place


class Candidate(NamedTuple):
    """A rep as they are at the moment of the decision.

    `away` says why they get nothing at all, `closed` why they are not at work; both empty if they
    could. `cover` gets in their place what would have been theirs.
    """

    rep: int
    name: str
    away: str = ""
    cover: int | None = None
    in_rotation: bool = True
    open: int = 0
    today: int = 0
    open_cap: int | None = None
    daily_cap: int | None = None
    closed: str = ""
    languages: list = []
    skills: list = []


class Turns(NamedTuple):
    """A pool's rotation: its name, the number of its latest turn, and the places in order."""

    name: str
    number: int
    places: list


@dataclass(frozen=True)
class Inputs:
    """All that one decision looks at.

    `rules` and `territories` are the ids of those whose segments hold; `values` what the segments
    compared, by label. `account_owner` and `previous_owner` are reps, if there are any.
    """

    handoff: int
    now: str
    rules: list = field(default_factory=list)
    territories: list = field(default_factory=list)
    values: dict = field(default_factory=dict)
    language: str = ""
    account_owner: int | None = None
    previous_owner: int | None = None
    reps: dict[int, Candidate] = field(default_factory=dict)
    pools: dict[int, Turns] = field(default_factory=dict)

    def as_json(self):
        """Return the inputs as JSON holds them; `from_json` reads them again."""
        return vars(self) | {
            "reps": list(self.reps.values()),
            "pools": [[key, *turns] for key, turns in self.pools.items()],
        }

    @classmethod
    def from_json(cls, data):
        pools = {
            key: Turns(name, number, [Place(*one) for one in places])
            for key, name, number, places in data["pools"]
        }
        reps = {row[0]: Candidate(*row) for row in data["reps"]}
        return cls(**data | {"reps": reps, "pools": pools})


@dataclass(frozen=True)
class Outcome:
    """What `decide` found: the rule and pool, the winner (None: it waits in the pool), and why.

    `nobody` says that it waits because nobody could take it. `turns` are those of the pool after a
    turn was taken, None where none was.
    """

    rule_label: str
    pool: int
    rep: int | None
    nobody: bool
    trace: dict
    turns: Turns | None = None
