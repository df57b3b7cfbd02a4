from leads.models.campaign import Campaign
from leads.models.company import Company
from leads.models.custom_field import CustomField
from leads.models.definition import MQLDefinition, NotPublishable
from leads.models.delivery import Delivery
from leads.models.event import Event
from leads.models.field_value import FieldValue
from leads.models.identity import Identity
from leads.models.lead import Conversion, Lead
from leads.models.lifecycle import LifecycleStage, StageTransition
from leads.models.rule import RuleGroup, ScoringRule
from leads.models.score import Qualification, Score
from leads.models.segment import Segment, SegmentCondition
from leads.models.signal import Pending, Signal, SignalDay
from leads.models.source import SCOPES, IdempotencyKey, Source, SourceToken
from leads.models.touchpoint import Touchpoint, TouchpointKey
from leads.models.user import User

__all__ = [
    "SCOPES",
    "Campaign",
    "Company",
    "Conversion",
    "CustomField",
    "Delivery",
    "Event",
    "FieldValue",
    "IdempotencyKey",
    "Identity",
    "Lead",
    "LifecycleStage",
    "MQLDefinition",
    "NotPublishable",
    "Pending",
    "Qualification",
    "RuleGroup",
    "Score",
    "ScoringRule",
    "Segment",
    "SegmentCondition",
    "Signal",
    "SignalDay",
    "Source",
    "SourceToken",
    "StageTransition",
    "Touchpoint",
    "TouchpointKey",
    "User",
]
