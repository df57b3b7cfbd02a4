from routing.models.absence import Absence
from routing.models.cadence import Cadence, CadenceStep
from routing.models.calendar import Calendar, CalendarVersion
from routing.models.checklist import ChecklistAnswer, ChecklistQuestion
from routing.models.clean_up import CleanUp, CleanUpItem
from routing.models.decision import Assignment, Decision
from routing.models.follow_up import FollowUp
from routing.models.gut_read import GutRead
from routing.models.handoff import Handoff
from routing.models.lease import Lease
from routing.models.opportunity import Opportunity, OpportunityReason
from routing.models.question import Question
from routing.models.reason import Rejection, RejectionReason
from routing.models.reassignment import Reassignment
from routing.models.recycling import Recycling
from routing.models.refused import Refused
from routing.models.rules import Rule, RuleSet, RuleSetNotDraft
from routing.models.skip import Skip
from routing.models.snooze import Snooze
from routing.models.stage_rule import StageRule, StageRuleRun
from routing.models.team import Pool, Rep, Seat, Team
from routing.models.territory import Territory
from routing.models.touch import Touch

__all__ = [
    "Absence",
    "Assignment",
    "Cadence",
    "CadenceStep",
    "Calendar",
    "CalendarVersion",
    "ChecklistAnswer",
    "ChecklistQuestion",
    "CleanUp",
    "CleanUpItem",
    "Decision",
    "FollowUp",
    "GutRead",
    "Handoff",
    "Lease",
    "Opportunity",
    "OpportunityReason",
    "Pool",
    "Question",
    "Reassignment",
    "Recycling",
    "Refused",
    "Rejection",
    "RejectionReason",
    "Rep",
    "Rule",
    "RuleSet",
    "RuleSetNotDraft",
    "Seat",
    "Skip",
    "Snooze",
    "StageRule",
    "StageRuleRun",
    "Team",
    "Territory",
    "Touch",
]
