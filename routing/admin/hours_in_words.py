"""A calendar version in plain English."""

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def sentences(version):
    """Return the version's hours as a list of sentences: the week, holidays, single days."""
    found = [f"{_week(version.weekly)} ({version.zone})."]
    if version.holidays:
        found.append(f"Closed on {', '.join(sorted(version.holidays))}.")
    for day, spans in sorted(version.exceptions.items()):
        found.append(f"On {day}: {_spans(spans)}.")
    return found


def _week(weekly):
    """Neighbouring days with the same hours are named together: "Mon to Fri 09:00-17:00"."""
    runs: list[list] = []  # [first day, last day, spans]
    for day in range(7):
        spans = _spans(weekly.get(str(day), []))
        if runs and runs[-1][2] == spans:
            runs[-1][1] = day
        else:
            runs.append([day, day, spans])
    return "; ".join(f"{_days(first, last)} {spans}" for first, last, spans in runs)


def _days(first, last):
    if first == last:
        return DAYS[first]
    joint = " and " if last == first + 1 else " to "
    return f"{DAYS[first]}{joint}{DAYS[last]}"


def _spans(spans):
    return " and ".join(f"{start}-{end}" for start, end in spans) or "closed"
