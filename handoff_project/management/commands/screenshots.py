from pathlib import Path

from django.conf import settings
from django.core.management import BaseCommand, CommandError

from handoff_project.browser import chromium, log_in
from handoff_project.demo.people import PASSWORD
from leads.models import Lead
from routing.models import Handoff

ANA, MARK, MIA = (f"{name}@handoff.example" for name in ("ana", "mark", "mia"))
SCREENS = [
    ("login", None, "/accounts/login/"),
    ("demo-form", None, "/demo/"),
    ("definition", ANA, "/definition/"),
    ("queue", ANA, "/queue/"),
    ("pool", ANA, "/queue/?tab=pool"),
    ("lead", ANA, "/leads/{lead}/"),
    ("reject", ANA, "/handoffs/{handoff}/rejection/"),
    ("touch", ANA, "/handoffs/{accepted}/touches/"),
    ("deadline", ANA, "/clocks/{clock}/"),
    ("follow-ups", ANA, "/follow-ups/"),
    ("notifications", ANA, "/notifications/"),
    ("preferences", ANA, "/preferences/"),
    ("board", MIA, "/board/"),
    ("sla-report", MIA, "/reports/sla/?period=90"),
    ("funnel", MIA, "/reports/funnel/?period=90"),
    ("feedback", MARK, "/reports/feedback/?period=90"),
    ("escalations", MIA, "/escalations/"),
    ("leads", MIA, "/leads/"),
    ("admin", MARK, "/admin/"),
    ("why-not", MARK, "/leads/{never}/"),
    ("definitions", MARK, "/admin/leads/mqldefinition/"),
    ("to-decide", MARK, "/admin/leads/qualification/"),
    ("glossary", ANA, "/glossary/"),
]
SIZES = {"1280": {"width": 1280, "height": 900}, "390": {"width": 390, "height": 844}}


class Command(BaseCommand):
    help = "Take screenshots of the main screens of the running demo, in both sizes and themes."

    def add_arguments(self, parser):
        parser.add_argument("folder", type=Path)
        parser.add_argument("--url", default=settings.HANDOFF_BASE_URL)
        parser.add_argument("--only", help="The name of one screen.")
        parser.add_argument("--size", choices=SIZES, help="One width.")
        parser.add_argument("--scheme", choices=["light", "dark"], help="One theme.")

    def handle(self, *, folder, url, only, size, scheme, **options):
        folder.mkdir(parents=True, exist_ok=True)
        ids = self._ids()
        screens = [screen for screen in SCREENS if only in (None, screen[0])]
        try:
            with chromium() as browser:
                for width in [size] if size else SIZES:
                    for theme in [scheme] if scheme else ("light", "dark"):
                        target = f"{folder}/{{name}}-{width}-{theme}.png"
                        look = {"viewport": SIZES[width], "color_scheme": theme}
                        self._take(browser, screens, ids, look=look, url=url, target=target)
        except FileNotFoundError as error:
            raise CommandError(str(error)) from None

    def _ids(self):
        """Rows of the demo that the screens show."""
        mine = Handoff.objects.filter(owner__user__email=ANA)
        offered = mine.filter(state="offered").order_by("next_due_at").first()
        accepted = mine.filter(state="accepted").order_by("next_due_at").first()
        if offered is None or accepted is None:
            raise CommandError("Ana has no open leads: load the demo company first (seed_demo).")
        clock = offered.clocks.earliest("due_at")
        return {
            "lead": offered.lead_id,
            "never": Lead.objects.filter(handoffs=None).latest("created_at").pk,
            "handoff": offered.pk,
            "accepted": accepted.pk,
            "clock": clock.pk,
        }

    def _take(self, browser, screens, ids, *, look, url, target):
        for email in dict.fromkeys(person for _, person, _ in screens):
            context = browser.new_context(**look, locale="en-US", timezone_id="UTC")
            page = context.new_page()
            page.on("console", self._complain)
            if email:
                log_in(page, url, email, PASSWORD)
            for name, person, path in screens:
                if person == email:
                    page.goto(url + path.format(**ids))
                    page.screenshot(path=target.format(name=name), full_page=True)
                    self.stdout.write(target.format(name=name))
            context.close()

    def _complain(self, message):
        if message.type in ("error", "warning"):
            self.stderr.write(f"{message.type}: {message.text}")
