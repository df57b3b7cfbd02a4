from django.db import migrations

REASONS = {
    ("not_a_fit", "Not a fit"): [
        ("wrong_company", "Company outside our market", "disqualify", False),
        ("wrong_person", "Not involved in the decision", "nurture", False),
        ("competitor", "Competitor or partner", "disqualify", False),
        ("student", "Student or job seeker", "disqualify", False),
    ],
    ("not_now", "Not now"): [
        ("no_budget", "No budget this year", "nurture", False),
        ("no_need", "No need at present", "nurture", False),
        ("too_early", "Only looking around", "nurture", False),
    ],
    ("bad_data", "Bad data"): [
        ("wrong_details", "Contact details are wrong", "nurture", False),
        ("already_customer", "Already a customer", "disqualify", False),
    ],
    ("something_else", "Something else"): [("other", "Other", "nurture", True)],
}


def make_reasons(apps, schema_editor):
    Reason = apps.get_model("routing", "RejectionReason")
    position = 0
    for (group_code, group_label), reasons in REASONS.items():
        position += 1
        group = Reason.objects.create(code=group_code, label=group_label, position=position)
        for code, label, destination, needs_note in reasons:
            position += 1
            Reason.objects.create(
                code=code,
                label=label,
                group=group,
                destination=destination,
                needs_note=needs_note,
                position=position,
            )


class Migration(migrations.Migration):
    dependencies = [("routing", "0001_first_path")]
    operations = [migrations.RunPython(make_reasons, migrations.RunPython.noop)]
