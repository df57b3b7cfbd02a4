"""A calendar version in plain English, and what one version changed."""

from routing.public_holidays import write_place

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def sentences(version):
    """Return the version's hours as a list of sentences: the week, holidays, single days."""
    found = [f"{_week(version.weekly)} ({version.zone})."]
    if version.country:
        found.append(f"Public holidays of {_place(version)}, known to {version.public_until}.")
    if version.holidays:
        found.append(f"Closed on {_named(version.holidays)}.")
    for day, spans in sorted(version.exceptions.items()):
        found.append(f"On {day}: {_spans(spans)}.")
    return found


def changes(old, new):
    """Return what a version changed, in sentences; `old` is None for the first one."""
    if old is None:
        return ["The first version."]
    found = []
    if new.zone != old.zone:
        found.append(f"Time zone {new.zone}, was {old.zone}.")
    for day, name in enumerate(DAYS):
        now, then = (_spans(version.weekly.get(str(day), [])) for version in (new, old))
        if now != then:
            found.append(f"{name} {now}, was {then}.")
    found += _public(old, new)
    found += _days_off("Days off", old.holidays, new.holidays)
    for day in sorted({*old.exceptions, *new.exceptions}):
        now, then = (
            _spans(version.exceptions[day]) if day in version.exceptions else "as usual"
            for version in (new, old)
        )
        if now != then:
            found.append(f"On {day} {now}, was {then}.")
    return found or ["Nothing."]


def _public(old, new):
    if (old.country, old.region) != (new.country, new.region):
        return [f"Public holidays of {_place(new)}, was {_place(old)}."]
    if new.public_until == old.public_until:
        return _days_off("Public holidays", old.public_holidays, new.public_holidays)
    return [f"Public holidays known to {new.public_until}, was {old.public_until}."]


def _days_off(what, old, new):
    added = {day: name for day, name in new.items() if old.get(day) != name}
    gone = {day: name for day, name in old.items() if new.get(day) != name}
    found = [f"{what} added: {_named(added)}."] if added else []
    return [*found, f"{what} gone: {_named(gone)}."] if gone else found


def _place(version):
    return write_place(version.country, version.region) or "no country"


def _named(days):
    return ", ".join(f"{day} ({name})" if name else day for day, name in sorted(days.items()))


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
