"""When a mail may go: at once, after somebody's quiet hours, or with their daily digest."""

from datetime import datetime, time, timedelta


def mail_goes(user, topic, how, *, urgent, now):
    """Return `(when, whether it is sent together with what waits too)`.

    Times are those of the person's own zone. An urgent notice passes quiet hours where they want
    that; one that they may not choose about (an invitation) is never held back.
    """
    if topic is None:
        return now, False
    if urgent and user.late_at_night and how == "now":
        return now, False
    at = _next(user.digest_at, user, now) if how == "digest" else now
    end = after_quiet(user, at)
    return (end, True) if end else (at, how == "digest")


def after_quiet(user, at):
    """Return when the quiet hours end in which `at` lies, None if it lies in none."""
    begins, ends = user.quiet_from, user.quiet_until
    if begins is None or ends is None or begins == ends:
        return None
    clock = at.astimezone(user.tzinfo).time()
    inside = begins <= clock < ends if begins < ends else clock >= begins or clock < ends
    return _next(ends, user, at) if inside else None


def _next(clock: time, user, after: datetime) -> datetime:
    """The next moment after `after` at which the clocks of this person's zone show `clock`."""
    day = after.astimezone(user.tzinfo).date()
    while True:
        # A time that a change of clocks skips is an hour later that day.
        found = datetime.combine(day, clock, tzinfo=user.tzinfo).astimezone(after.tzinfo)
        if found > after:
            return found
        day += timedelta(days=1)
