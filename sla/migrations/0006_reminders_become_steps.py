from django.db import migrations
from django.db.models import F

# What a target's fixed reminder and its missed deadline did, as steps: when, minutes, action.
LATE = (("at", 0, "remind"), ("at", 0, "manager"))


def make_steps(apps, schema_editor):
    Target, Step = apps.get_model("sla", "Target"), apps.get_model("sla", "Step")
    for target in Target.objects.all():
        warned = 0 < target.warn_minutes < target.minutes
        before = (("before", target.warn_minutes, "remind"),) if warned else ()
        for when, minutes, action in (*before, *LATE):
            Step.objects.create(
                policy_id=target.policy_id,
                clock=target.clock,
                when=when,
                minutes=minutes,
                action=action,
            )


def name_steps(apps, schema_editor):
    """Steps that were taken get the names that those of their policy have now."""
    Clock, Escalation = apps.get_model("sla", "Clock"), apps.get_model("sla", "Escalation")
    Clock.objects.update(target_due_at=F("due_at"))
    taken = Escalation.objects.select_related("clock__policy")
    for found in taken.filter(step="remind").iterator():
        target = found.clock.policy.compiled["targets"][found.clock.kind]
        found.step = f"before-{target['warn_minutes']}-business-remind"
        found.save(update_fields=["step"])
    new = []
    for found in taken.filter(step="late").iterator():
        for _, _, action in LATE:
            step = f"at-0-business-{action}"
            times = {"due_at": found.due_at, "noticed_at": found.noticed_at}
            new.append(Escalation(clock_id=found.clock_id, step=step, **times))
    Escalation.objects.bulk_create(new, batch_size=1000)


class Migration(migrations.Migration):
    dependencies = [("sla", "0005_targets_steps_and_pauses")]

    operations = [
        migrations.RunPython(make_steps, migrations.RunPython.noop),
        migrations.RunPython(name_steps, migrations.RunPython.noop),
    ]
