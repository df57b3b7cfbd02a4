from routing.admin import (  # noqa: F401 - importing registers them
    absence,
    cadence,
    calendar,
    decision,
    handoff,
    reason,
    rule_set,
    team,
    user,
)
