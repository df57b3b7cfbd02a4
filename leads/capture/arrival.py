"""Where a visitor came from: what the page, and the first page, of their visit say."""

from dataclasses import asdict, dataclass, fields
from urllib.parse import parse_qs, urlsplit

UTM = ("source", "medium", "campaign", "term", "content")
LONGEST = 2_000  # characters of an address
SHORTENED = 120  # characters of a parameter


@dataclass(frozen=True)
class Arrival:
    """What travels with a form in hidden fields. All of it is said by the browser.

    `page_url` is the page with the form and `referrer` the one before; the `first_` ones are those
    of the first visit, where a script on the website remembered it. `nonce` names this filling-in.
    """

    page_url: str = ""
    referrer: str = ""
    first_url: str = ""
    first_referrer: str = ""
    first_at: str = ""
    nonce: str = ""

    @classmethod
    def of(cls, said):
        """Read the hidden fields of a form; what is missing or no text is empty."""
        return cls(**{one.name: str(said.get(one.name, ""))[:LONGEST] for one in fields(cls)})

    def as_fields(self):
        return asdict(self)


def utm_of(url):
    """Return the UTM parameters in an address by their names without `utm_`; the first of each."""
    try:
        said = parse_qs(urlsplit(url).query, max_num_fields=200)
    except ValueError:
        return {}
    found = {name: said.get(f"utm_{name}", [""])[0].strip()[:SHORTENED] for name in UTM}
    return {name: value for name, value in found.items() if value}
