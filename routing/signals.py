"""News about handoffs, sent inside the transaction that made it true. Arguments: handoff, now."""

from django.dispatch import Signal

# It waits for a marketer.
handoff_waits = Signal()
# A marketer, or the policy, has decided about it: it goes on or is withdrawn next.
handoff_reviewed = Signal()
# It exists, with its packet, and waits to be routed.
handoff_opened = Signal()
# Some have an owner or a pool now. Arguments: routed, a list of (handoff, decision, event); now.
handoffs_routed = Signal()
# The same, once it is known what was promised about them: who is told is told the deadline, too.
handoffs_promised = Signal()
# A rep took it on.
handoff_accepted = Signal()
# A rep sent it back; `handoff.rejection` says why. Further argument: event.
handoff_rejected = Signal()
# It ended well: the lead is an SQL. Further argument: event (of the kind "routing.qualified").
handoff_qualified = Signal()
# A good lead, but not now: it rests; `handoff.recycling` says until when. Further argument: event.
handoff_recycled = Signal()
# What a lead came to was won or lost. Arguments: opportunity, event, now.
opportunity_closed = Signal()
# Nobody shall work it any more.
handoff_withdrawn = Signal()
# A rep reached out. Further argument: touch.
touch_logged = Signal()
# It was withdrawn by mistake and is open again. Further argument: since, when it was withdrawn.
handoff_reinstated = Signal()
# It went elsewhere by hand or for an absence. Further arguments: row (the Reassignment), event, and
# quietly: whether the people concerned are told of it together with others.
handoff_reassigned = Signal()
# Several went elsewhere at once. Arguments: rows, event, now.
handoffs_reassigned = Signal()
# There is more to do. Further arguments: follow_ups (of one handoff) and by; those without a time
# get one from whoever keeps the clocks, who may raise Refused.
follow_ups_planned = Signal()
# A rep or a manager set another time. Arguments: follow_up, by, now. Receivers may raise Refused.
follow_up_rescheduled = Signal()
# They are done or cancelled. Arguments: follow_ups, at (when it was done), now.
follow_ups_closed = Signal()
# Sales asks marketing about a lead, and marketing answers. Arguments: question, event, now.
marketing_asked = Signal()
question_answered = Signal()
