"""Teams, their reps, and the pools with the shares of their turns."""

from leads.configuration.columns import Columns
from leads.configuration.named import Named, Reference
from leads.configuration.reading import Unreadable
from leads.configuration.writing import Line
from routing.configuration.people import called, person
from routing.models import Pool, Rep, Seat, Team

USUAL_WEIGHT = Seat._meta.get_field("weight").get_default()


class Teams(Named):
    key, title, noun, identity = "teams", "Teams", "team", "name"
    columns = Columns(Team, {"only_work_next": "only_work_next"})
    references = {
        "manager": person("manager"),
        "calendar": Reference("calendar", "calendars", needed=True),
    }

    def rows(self):
        return {team.name: team for team in Team.objects.select_related("manager", "calendar")}

    def in_words(self, row):
        managed = f"managed by {row.manager}" if row.manager else "without a manager"
        return f"{managed}, working by {row.calendar}"


class Reps(Named):
    key, title, noun = "reps", "Reps", "rep"
    most = 5000
    columns = Columns(
        Rep,
        {
            "in_rotation": "in_rotation",
            "languages": "languages",
            "skills": "skills",
            "open_cap": "open_cap",
            "daily_cap": "daily_cap",
        },
    )
    references = {
        "team": Reference("team", "teams", needed=True),
        "calendar": Reference("calendar", "calendars"),
    }

    def rows(self):
        found = Rep.objects.select_related("user", "team", "calendar").order_by("user__email")
        return {rep.user.email: rep for rep in found}

    def new(self, name, node, run):
        try:
            return Rep(user=called(run, node, name))
        except Unreadable:
            return Rep()

    def fill(self, row, given, run):
        unread = super().fill(row, given, run)
        return unread if row.user_id else unread | {"user"}

    def in_words(self, row):
        return f"{row.user}, in {row.team}"

    def odd(self, row, *, today):
        if 0 in (row.open_cap, row.daily_cap):
            yield f"A cap of {row.user} is 0: they get nothing."
        if not row.user.is_active:
            yield f"{row.user} is no longer active."


class Pools(Named):
    key, title, noun, identity = "pools", "Pools", "pool", "name"
    columns = Columns(Pool, {})
    references = {"team": Reference("team", "teams", needed=True)}

    def rows(self):
        found = Pool.objects.select_related("team").prefetch_related("seats__rep__user")
        return {pool.name: pool for pool in found}

    @property
    def known(self):
        return (*super().known, "weights")

    def of_row(self, row):
        weights = Line(sorted(
            (seat.rep.user.email, seat.weight)
            for seat in row.seats.all()
            if seat.weight != USUAL_WEIGHT and seat.rep.team_id == row.team_id
        ))  # fmt: skip
        return super().of_row(row) | ({"weights": weights} if weights else {})

    def in_words(self, row):
        return f"of {row.team}"

    def more_is_right(self, row, node, given, run):
        """Read the weights by rep, and keep them for the seats."""
        self.weights = {}
        before = len(run.reader.problems)
        for name, one in run.reader.mapping(given.get("weights")).items():
            try:
                rep = run.named("reps", one, name)
                self.weights[rep.pk] = self._weight(row, rep, one, run)
            except Unreadable:
                continue
        return len(run.reader.problems) == before

    def _weight(self, pool, rep, node, run):
        number = run.reader.number(node)
        if number < 0 or number > 32767:
            run.reader.complain(node, "A weight is a whole number from 0 to 32,767.")
        if pool.team_id and rep.team_id != pool.team_id:
            run.reader.complain(node, f"{rep} is in {rep.team}; {pool.team} takes these turns.")
        return number

    def save_row(self, row, run):
        row.save()
        Seat.objects.complete(row)
        for seat in row.seats.filter(rep__team=row.team):
            wanted = self.weights.get(seat.rep_id, USUAL_WEIGHT)
            if seat.weight != wanted:
                seat.weight = wanted
                seat.save(update_fields=["weight"])

    def odd(self, row, *, today):
        seats = [seat for seat in row.seats.all() if seat.rep.team_id == row.team_id]
        able = [seat for seat in seats if seat.rep.in_rotation and seat.rep.user.is_active]
        if seats and not any(seat.weight for seat in seats):
            yield f"Every weight in “{row}” is 0: what goes there waits."
        elif not able:
            yield f"Nobody in “{row}” is in rotation: what goes there waits."
