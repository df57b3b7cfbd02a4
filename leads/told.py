"""What of this app people and endpoints may be told of."""

from leads import kinds

DEFINITION = kinds.Topic(
    "definition",
    "The MQL definition: sign-off and publication",
    (
        "leads.definition_submitted",
        "leads.definition_withdrawn",
        "leads.definition_approved",
        "leads.definition_published",
        "leads.definition_scheduled",
        "leads.definition_not_published",
    ),
)
ENDPOINTS = kinds.Topic(
    "endpoints", "An endpoint of yours was switched off", ("leads.endpoint_disabled",)
)

for topic in (DEFINITION, ENDPOINTS):
    kinds.register_topic(topic)

kinds.register_types(
    leads__received="A lead arrived",
    leads__qualified="A lead became an MQL",
    leads__review_asked="A marketer is asked about a lead",
    leads__declined="A marketer declined a lead",
    leads__consent_noted="A consent was noted",
    leads__merged="Two leads became one",
    leads__unmerged="They are two again",
    leads__erased="A lead was erased",
    leads__definition_published="A definition went live",
)
