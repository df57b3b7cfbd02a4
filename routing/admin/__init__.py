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
    stage_rule,
    team,
    user,
)
