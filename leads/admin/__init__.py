from leads.admin import (  # noqa: F401 - importing registers them
    campaign,
    company,
    definition,
    delivery,
    event,
    lead,
    lifecycle,
    segment,
    signal,
    source,
    user,
)
