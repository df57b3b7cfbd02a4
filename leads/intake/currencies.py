"""Which currencies there are."""


def currency_code(text):
    """Return the ISO 4217 code of a currency, given in either case; "" for what is none."""
    import pycountry  # long to load, and not needed by every process

    code = text.strip().upper()
    return code if len(code) == 3 and pycountry.currencies.get(alpha_3=code) else ""
