"""Why a lead scores what it scores: a list of lines that adds up to the total, always."""

from leads.conditions import words
from leads.scoring import statement
from leads.scoring.counts import counted_by


def explain(form, lead_id, *, today):
    """Return the lead's score by this definition with every rule's part in it.

    The result has the statement's totals and `lines`: dicts with `rule`, `kind`, `label`,
    `sentence`, `count`, `points` (after the rule's cap) and `counted`. The points of the fit and
    interest lines add up to `total`.
    """
    (row,) = statement.rows(form, today=today, lead_ids=[lead_id])
    return of_row(form, row)


def of_row(form, row):
    """Return the same for a row that the statement gave for this definition."""
    lines = [
        {
            "rule": rule["id"],
            "kind": rule["kind"],
            "label": rule["label"],
            "sentence": sentence(rule),
            "count": row[f"n_{rule['id']}"],
            "points": row[f"points_{rule['id']}"] if rule["kind"] in ("fit", "interest") else 0,
            "counted": row[f"n_{rule['id']}"] > 0,
        }
        for rule in form["rules"]
    ]
    lines += _caps(form, lines)
    return {name: row[name] for name in statement.TOTALS} | {"lines": lines}


def _caps(form, lines):
    """Lines for what the groups' caps take away, so that the lines add up to the totals."""
    groups = {group["id"]: group for group in form.get("groups", ())}
    for key, group in groups.items():
        members = {
            rule["id"]
            for rule in form["rules"]
            if rule.get("group") == key and rule["kind"] == group["kind"]
        }
        over = sum(line["points"] for line in lines if line["rule"] in members) - group["cap"]
        if over > 0:
            yield {
                "rule": None,
                "kind": group["kind"],
                "label": f"Cap of {group['name']}",
                "sentence": f"{group['name']} give at most {group['cap']} points together",
                "count": 1,
                "points": -over,
                "counted": True,
            }


def sentence(rule):
    """Return one rule of the intermediate form in plain English, points included."""
    if rule["type"] == "when":
        asked = rule["when"].get("name") or ""
        what = (
            f"{asked}: {words.sentence(rule['when'])}" if asked else (words.sentence(rule["when"]))
        )
    else:
        per, counted = rule["per"], counted_by(rule)
        each = f"every {per} {counted}" if per > 1 else f"each {words.amount(1, counted)[2:]}"
        what = f"{rule['signal_name']}, {each} in {rule['days']} days"
    if rule["kind"] == "do_not_pass":
        return f"Never pass when {what}"
    if rule["kind"] == "fast_track":
        return f"Pass at once when {what}"
    cap = f", at most {rule['cap']}" if rule.get("cap") is not None else ""
    if rule.get("half_life"):
        cap += f", half as much after {rule['half_life']} days"
    return f"{rule['points']:+d} points: {what}{cap}"
