"""Public holidays of countries and their regions, by name, from the `holidays` package."""

from datetime import date
from functools import cache

import holidays
import pycountry

LANGUAGES = ("en_GB", "en_US")  # the first in which a country's holidays have names; else its own
YEARS_AHEAD = 3


def horizon(today: date) -> date:
    """Return the day up to which a version made today names its public holidays."""
    return date(today.year + YEARS_AHEAD, 12, 31)


def public_holidays(country: str, region: str, *, today: date) -> dict[str, str]:
    """Return the public holidays from last year's to the horizon, as `{ISO date: name}`.

    Those are in it that are taken on another day because they fall on a weekend.
    """
    years = range(today.year - 1, horizon(today).year + 1)
    kind = getattr(holidays, country)
    language = next((one for one in LANGUAGES if one in kind.supported_languages), None)
    found = holidays.country_holidays(country, region or None, years=years, language=language)
    return {day.isoformat(): name for day, name in sorted(found.items()) if day.year in years}


@cache
def places() -> dict[str, str]:
    """Return what can be chosen: "DE" and "DE-BY", with their names."""
    found = {}
    for country, regions in holidays.list_supported_countries(include_aliases=False).items():
        known = pycountry.countries.get(alpha_2=country)
        name = getattr(known, "common_name", known.name) if known else country
        found[country] = name
        for region in regions:
            part = pycountry.subdivisions.get(code=f"{country}-{region}")
            found[f"{country}-{region}"] = f"{name}, {part.name if part else region}"
    return dict(sorted(found.items(), key=lambda place: place[1]))


def read_place(text: str) -> tuple[str, str]:
    """Return (country, region) of a place by its code or name. Raise ValueError, in words."""
    wanted = " ".join(text.split()).casefold()
    for code, name in places().items():
        if wanted in (code.casefold(), name.casefold(), f"{name} ({code})".casefold()):
            country, _, region = code.partition("-")
            return country, region
    said = f"No public holidays are known for {text!r}. Try DE, or DE-BY for one region of it."
    raise ValueError(said)


def write_place(country: str, region: str) -> str:
    """Return a place as it is shown and typed: "Germany, Bayern (DE-BY)", or nothing."""
    code = f"{country}-{region}" if region else country
    return f"{places().get(code, code)} ({code})" if code else ""
