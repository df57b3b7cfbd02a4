from leads.admin import (  # noqa: F401 - importing registers them
    campaign,
    company,
    custom_field,
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
