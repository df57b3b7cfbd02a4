"""What else is known of people and firms: language and post code, money, tools. Pure."""

from handoff_project.demo import words

CURRENCIES = {
    # country: (currency, how much of it is worth one euro)
    "CH": ("CHF", 0.95),
    "GB": ("GBP", 0.85),
    "US": ("USD", 1.1),
    "CA": ("CAD", 1.5),
    "MX": ("MXN", 20),
    "SE": ("SEK", 11),
    "AU": ("AUD", 1.7),
}
EURO = ("EUR", 1)
LANGUAGES = {
    "DE": "de",
    "AT": "de",
    "CH": "de",
    "MX": "es",
    "FR": "fr",
    "NL": "nl",
    "SE": "sv",
    "Geneva": "fr",
    "Quebec": "fr",
}
POSTAL_CODES = {
    # # is a digit, @ a letter
    "Bavaria": "803##",
    "Berlin": "101##",
    "Hesse": "603##",
    "Saxony": "010##",
    "Vienna": "1#10",
    "Styria": "80##",
    "Tyrol": "60##",
    "Zurich": "80##",
    "Bern": "30##",
    "Geneva": "12##",
    "England": "LS# #@@",
    "Scotland": "EH# #@@",
    "Wales": "CF1# #@@",
    "Leinster": "D0# @###",
    "Munster": "T12 @###",
    "New York": "100##",
    "Texas": "770##",
    "Ohio": "432##",
    "Utah": "841##",
    "Ontario": "M#@ #@#",
    "Quebec": "H#@ #@#",
    "Jalisco": "44###",
    "Puebla": "72###",
    "Normandy": "76##0",
    "Brittany": "35##0",
    "Utrecht": "35## @@",
    "Drenthe": "94## @@",
    "Skane": "21# ##",
    "Uppsala": "75# ##",
    "Victoria": "30##",
}
LETTERS = "ABEHJLNPRSTXY"
SEGMENTS = ((200, "Small business"), (2001, "Mid-market"))  # up to so many employees
LARGEST = "Enterprise"
TOOLS = ("SAP", "Microsoft Dynamics", "NetSuite", "Salesforce", "HubSpot", "Power BI", "Tableau")
STAGES = ("Seed", "Series A", "Series B")


def language_in(country, region):
    """Return the language of a region of a country."""
    return LANGUAGES.get(region) or LANGUAGES.get(country, "en")


def postal_code_in(region, rng):
    """Return a post code that looks like those of the region."""
    random = {"#": lambda: rng.choice("123456789"), "@": lambda: rng.choice(LETTERS)}
    return "".join(random[sign]() if sign in random else sign for sign in POSTAL_CODES[region])


def of_firm(rng, country, employees, industry):
    """Return a company's further columns, where they are known."""
    known: dict[str, object] = {}
    if employees:
        names = (name for fewer_than, name in SEGMENTS if employees < fewer_than)
        known["market_segment"] = next(names, LARGEST)
        if rng.random() < 0.7:
            currency, rate = CURRENCIES.get(country, EURO)
            # In whole hundred thousands, as such things are told.
            each = rng.uniform(90_000, 260_000) * rate
            known["revenue"] = max(1, round(employees * each / 100_000)) * 100_000
            known["revenue_currency"] = currency
        if industry == "Software" and employees < SEGMENTS[0][0]:
            known["funding_stage"] = rng.choice(STAGES)
    if rng.random() < 0.4:
        known["tech_stack"] = sorted(rng.sample(TOOLS, k=rng.randint(1, 3)))
    if industry != "Software" and rng.random() < 0.15:
        known["competitor_in_use"] = rng.choice(words.RIVALS).partition(".")[0].title()
    return known
