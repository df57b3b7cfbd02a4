"""Which country a text means: a code, a name in a common language, or a usual short form."""

import contextlib
import gettext
import re
import unicodedata
from functools import cache

from leads.text import fold, storable

LONGEST = 100  # characters of what somebody wrote

# Languages in which a name is understood beside English; an earlier one wins where two differ.
LANGUAGES = (
    "de",
    "fr",
    "es",
    "it",
    "nl",
    "pt",
    "pt_BR",
    "pl",
    "sv",
    "da",
    "nb_NO",
    "fi",
    "cs",
    "hu",
    *("ro", "tr", "el", "ru", "uk", "ja", "ko", "zh_CN", "zh_TW"),
)

# What people write that no standard has.
_USUAL = {
    "US": "usa; u s a; u s; us of a; united states of america; america; estados unidos de america; "
    "etats unis d amerique; vereinigte staaten von amerika; eeuu; ee uu",
    "GB": "uk; u k; great britain; britain; england; scotland; wales; northern ireland; "
    "grossbritannien; grande bretagne; gran bretagna; gran bretana; inglaterra; angleterre",
    "DE": "brd; federal republic of germany",
    "NL": "holland; the netherlands; netherlands the",
    "CZ": "czech republic; the czech republic; tschechische republik; republique tcheque",
    "KR": "south korea; korea; korea south; sudkorea; coree du sud; corea del sur",
    "KP": "north korea; korea north; nordkorea",
    "RU": "russia; russland; russie; rusia; россия",
    "VN": "vietnam; viet nam",
    "IR": "iran; persia",
    "SY": "syria",
    "LA": "laos",
    "MD": "moldova",
    "BO": "bolivia",
    "VE": "venezuela",
    "TZ": "tanzania",
    "TW": "taiwan; taiwan r o c; republic of china",
    "HK": "hong kong sar; hongkong; hong kong china",
    "MO": "macau; macao sar; macao china",
    "CN": "china mainland; mainland china; prc; p r china; pr china; peoples republic of china",
    "TR": "turkey; turkiye; turkei",
    "AE": "uae; u a e; emirates; united arab emirates the; dubai",
    "SA": "ksa; kingdom of saudi arabia",
    "CI": "ivory coast",
    "CV": "cape verde",
    "SZ": "swaziland",
    "MM": "burma",
    "MK": "macedonia; fyrom",
    "PS": "palestine; palestinian territories; palestinian territory",
    "BN": "brunei",
    "FK": "falkland islands",
    "FM": "micronesia",
    "CD": "democratic republic of congo; dr congo; drc; congo kinshasa",
    "CG": "congo brazzaville; republic of congo; republic of the congo",
    "VA": "vatican; vatican city",
    "RE": "reunion island",
    "XK": "kosovo",
    "IE": "republic of ireland; eire",
    "BA": "bosnia; bosnia herzegovina",
    "TT": "trinidad",
    "GM": "the gambia",
    "BS": "the bahamas",
    "PH": "the philippines",
}


def country_code(text):
    """Return the ISO 3166 code of two letters that a text means, or empty if it means none."""
    key = _key(text)
    return _codes().get(key) or _codes().get(key.removeprefix("the "), "")


def as_written(text):
    """Return what is kept of a text that means no country, until somebody decides what it means."""
    kept = fold(text)[:LONGEST] if isinstance(text, str) else ""
    return kept if storable(kept) else ""


def _key(text):
    plain = unicodedata.normalize("NFKD", fold(str(text)).casefold().replace("ß", "ss"))
    plain = "".join(sign for sign in plain if not unicodedata.combining(sign))
    return " ".join(re.findall(r"[^\W_]+", unicodedata.normalize("NFC", plain.replace("'", ""))))


@cache
def _codes():
    """Every text that means a country, by its words; made once, when the first one is asked for."""
    import pycountry  # long to load, and not needed by every process

    codes: dict[str, str] = {}
    countries = list(pycountry.countries)
    for country in countries:
        codes |= {_key(country.alpha_2): country.alpha_2, _key(country.alpha_3): country.alpha_2}
    for code, usual in _USUAL.items():
        codes |= {_key(name): code for name in usual.split(";")}
    names = [(country.alpha_2, name) for country in countries for name in _names(country)]
    for code, name in names:
        codes.setdefault(_key(name), code)
    for language in LANGUAGES:
        with contextlib.suppress(OSError):
            folder = pycountry.LOCALES_DIR
            translated = gettext.translation("iso3166-1", folder, languages=[language]).gettext
            for code, name in names:
                codes.setdefault(_key(translated(name)), code)
    short = [(code, name.partition(", ")[0]) for code, name in names if ", " in name]
    for code, name in short:
        # "Virgin Islands" are two countries', so the words mean neither.
        if {other for other, same in short if same == name} == {code}:
            codes.setdefault(_key(name), code)
    return codes


def _names(country):
    """The names of a country; "Korea, Republic of" with the words in their order too."""
    for kind in ("name", "common_name", "official_name"):
        name = getattr(country, kind, None)
        if name:
            yield name
            first, comma, last = name.partition(", ")
            if comma:
                yield f"{last} {first}"
