"""The demo company's capture forms."""

from leads.models import CaptureField, CaptureForm, Touchpoint

DEMO_REQUEST = "request-a-demo"
CONSENT = "Send me news about planning, about once a month. I can stop that at any time."


def make():
    """Make the forms of the demo company's website."""
    demo = CaptureForm.objects.create(
        name="Demo request",
        slug=DEMO_REQUEST,
        kind=Touchpoint.Kind.DEMO_REQUEST,
        heading="Request a demo",
        button="Request a demo",
        thanks="Your request is with our team. Somebody will call you shortly.",
        consent_text=CONSENT,
    )
    _ask(
        demo,
        ("name", "Your name", True, ""),
        ("job_title", "Job title", False, ""),
        ("company.name", "Company", True, ""),
        ("company.domain", "Company website", False, "Such as example.com"),
        ("company.employees", "Employees", False, ""),
        ("country", "Country", False, ""),
        ("", "What would you like to see?", False, ""),
    )
    guide = CaptureForm.objects.create(
        name="Planning guide",
        slug="planning-guide",
        kind=Touchpoint.Kind.CONTENT_DOWNLOAD,
        asset="The week that plans itself",
        heading="Get the guide",
        introduction="Forty pages on how teams plan people, jobs and machines together.",
        button="Send me the guide",
        thanks="The guide is on its way to your inbox.",
        consent_text=CONSENT,
    )
    _ask(
        guide,
        ("name", "Your name", True, ""),
        ("company.name", "Company", True, ""),
        ("job_title", "Job title", False, ""),
    )


def _ask(form, *rows):
    CaptureField.objects.bulk_create(
        CaptureField(
            form=form,
            position=position,
            target=target,
            label=label,
            required=required,
            hint=hint,
            shape=CaptureField.Shape.SHORT if target else CaptureField.Shape.LONG,
        )
        for position, (target, label, required, hint) in enumerate(rows, start=1)
    )
