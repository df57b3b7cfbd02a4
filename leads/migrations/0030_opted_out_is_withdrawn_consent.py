from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    # Apart from the filling-in: PostgreSQL refuses to alter a table with rows changed just before.
    dependencies = [("leads", "0029_consents")]
    operations = [
        migrations.AddConstraint(
            "lead",
            models.CheckConstraint(
                condition=Q(opted_out=True, email_consent="withdrawn")
                | (Q(opted_out=False) & ~Q(email_consent="withdrawn")),
                name="leads_opted_out_is_withdrawn_consent",
            ),
        ),
    ]
