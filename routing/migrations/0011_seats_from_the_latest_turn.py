from django.db import migrations


def seat(apps, schema_editor):
    """Give every rep a seat, those whose turn is next in front; note who waits for somebody."""
    Pool, Rep, Seat, Decision = (
        apps.get_model("routing", name) for name in ("Pool", "Rep", "Seat", "Decision")
    )
    for pool in Pool.objects.all():
        reps = list(
            Rep.objects.filter(team=pool.team_id).order_by("pk").values_list("pk", flat=True)
        )
        had = reps.index(pool.last_turn_id) + 1 if pool.last_turn_id in reps else 0
        order = reps[had:] + reps[:had]
        pool.turns = len(order)
        pool.save(update_fields=["turns"])
        Seat.objects.bulk_create(
            [Seat(pool=pool, rep_id=rep, last_turn=order.index(rep) + 1) for rep in reps],
            ignore_conflicts=True,
        )
    Decision.objects.filter(rep=None, trace__method="round_robin").update(nobody=True)


class Migration(migrations.Migration):
    dependencies = [("routing", "0010_targets_and_turns")]
    operations = [migrations.RunPython(seat, migrations.RunPython.noop)]
