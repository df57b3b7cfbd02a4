"""The words that marketing and sales share; screens, API and documents use them in this sense.

The stages are not here: both sides agree on their words in the admin, where the page reads them.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Word:
    """One word and what it means."""

    name: str
    meaning: str


GROUPS = [
    (
        "Who they are and what they do",
        [
            Word("Company", "The organisation that a lead works for; it may have a parent."),
            Word("Touchpoint", "One dated thing that a lead did: a page viewed, a form sent."),
            Word("Touch", "One thing that a rep did to reach a lead: a call, a personal e-mail."),
            Word(
                "Conversion", "What turned a visitor into a lead. The first one is kept for ever."
            ),
            Word(
                "Identity", "A name by which we know a lead: an e-mail address, an id, a browser."
            ),
            Word("Signal", "A named piece of behaviour that rules count, such as a pricing visit."),
            Word("Persona", "A kind of person, as a segment: somebody we sell to, or do not."),
            Word("ICP", "Ideal customer profile: the companies and people we are made for."),
        ],
    ),
    (
        "What an MQL is",
        [
            Word("Definition", "The agreed rules for what an MQL is. Published versions stay."),
            Word("Condition", "One question about a lead: a field, an operator and a value."),
            Word("Segment", "A named set of conditions that rules and policies share."),
            Word("Rule", "What gives or takes points, or decides whatever the points say."),
            Word("Fit", "Points for who they are: company, role, region."),
            Word("Interest", "Points for what they did, and how lately."),
            Word("Score", "Fit and interest together."),
            Word("Tier", "A band of scores, A to D."),
            Word("Bucket", "Good or poor fit, ready or not: it says what both sides do."),
            Word("Do not pass", "A rule that keeps a lead back, whatever its score."),
            Word("Fast track", "A rule that passes a lead at once, such as a demo request."),
            Word("Borderline", "So close below the thresholds that a marketer is asked."),
            Word("Qualification", "The fact that a lead met the definition, with its score then."),
            Word("Requalify", "To meet the definition again, after having been sent back."),
        ],
    ),
    (
        "From marketing to sales",
        [
            Word("Handoff", "The transfer of one qualified lead, and how it ended."),
            Word("Packet", "What was known at the handoff; it never changes."),
            Word("Routing decision", "Which rule sent a lead to whom, and who else was looked at."),
            Word("Pool", "Where leads wait for whoever of a team takes them first."),
            Word("Rotation", "The turns in which the reps of a team get new leads."),
            Word("Cap", "The most that a rule gives, or the most leads that a rep gets."),
            Word("Absence and cover", "When a rep is away, and who stands in."),
            Word("Offer", "A lead that was routed to a rep and waits for the answer."),
            Word("Accept", "A rep takes a lead on. It is a sales accepted lead (SAL) then."),
            Word("Reject", "A rep sends a lead back, with the reason why."),
            Word("Follow-up", "Something that a rep has planned to do for a lead, by a time."),
            Word("Cadence", "An agreed order of follow-ups, such as three mails and a call."),
            Word("Recycle", "A good lead, but not now: it rests until its wake condition holds."),
            Word("Wake condition", "What brings a recycled lead back: a date, an event, a change."),
            Word("Qualify", "A rep has vetted the lead: it is an SQL then."),
            Word("BANT", "Budget, authority, need and timeline: what a rep vets."),
        ],
    ),
    (
        "Promises and time",
        [
            Word("Policy", "What is promised to which leads, and by which calendar it counts."),
            Word("Target", "The time within which a lead is accepted, or first contacted."),
            Word(
                "Clock",
                "A promise that runs, is off hours or paused, was met, met late or is late.",
            ),
            Word("Escalation step", "What happens before and after a deadline is missed."),
            Word("Calendar", "When a team works. Business time counts only those hours."),
            Word(
                "Escalation",
                "A lead of which a promise was missed, until it is kept or no longer owed.",
            ),
            Word("Untouched", "Past its deadline and not done; it counts as missed."),
            Word("Speed-to-lead", "The time from the handoff to the first touch."),
        ],
    ),
    (
        "How it goes",
        [
            Word("Acceptance rate", "Accepted handoffs, of those that reps answered."),
            Word("Rejection rate", "Rejected handoffs, of those that reps answered."),
            Word("MQL to SQL", "SQLs, of the leads that became MQLs in the same time."),
            Word("Velocity", "Days from one stage to the next: the median first, the mean beside."),
            Word("Attribution model", "How a won deal's revenue is shared among its touchpoints."),
            Word("Goal", "What both sides want to reach in a month."),
            Word("Joint review", "Both sides judge recent MQLs together: did each meet it?"),
        ],
    ),
]
