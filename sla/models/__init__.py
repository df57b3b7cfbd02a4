from sla.models.clock import Clock, Escalation, Reading
from sla.models.policy import NotDraft, Policy, Target

__all__ = ["Clock", "Escalation", "NotDraft", "Policy", "Reading", "Target"]
