"""What of this app people may be told of."""

from leads import kinds

kinds.register_topic(
    kinds.Topic(
        "agreement",
        "What both sides promise each other: signatures and revisions",
        tuple(f"reporting.agreement_{what}" for what in ("submitted", "withdrawn", "in_force")),
    )
)
