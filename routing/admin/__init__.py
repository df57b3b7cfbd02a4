from routing.admin import (  # noqa: F401 - importing registers them
    absence,
    cadence,
    calendar,
    checklist,
    decision,
    handoff,
    reason,
    recycling,
    rule_set,
    team,
    user,
)
