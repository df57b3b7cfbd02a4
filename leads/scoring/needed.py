"""What both sides agreed must be known of a lead when it is handed over."""

from leads.conditions import facts, judge
from leads.conditions.registry import Field, Type

ASK = "ask"
# What rules do not ask about, and a rep cannot do without.
MORE = {
    key: Field(key, label, Type.TEXT, path)
    for key, label, path in (
        ("name", "Name", "name"),
        ("phone", "Phone", "phone"),
        ("campaign", "Campaign", "campaign__name"),
    )
}


def fields():
    """Return `{key: Field}` of all that may be needed, by label."""
    found = facts.fields() | MORE
    return dict(sorted(found.items(), key=lambda item: item[1].label.casefold()))


def asked(keys):
    """Return the fields of these keys as a compiled definition names them."""
    sayable = fields() if keys else {}
    return [{"key": key, "label": sayable[key].label} for key in keys if key in sayable]


def lacking(form, lead):
    """Return the labels of the needed fields of which nothing is known of the lead."""
    sayable = fields() if form.get("needed") else {}
    wanted = [sayable[one["key"]] for one in form.get("needed", ()) if one["key"] in sayable]
    return judge.unknown(wanted, lead)


def asks_first(form):
    """Whether a marketer is asked about a lead of which something is lacking."""
    return form.get("if_missing") == ASK
