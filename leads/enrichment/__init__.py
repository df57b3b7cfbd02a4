"""Fills gaps in what we know of leads and companies from outside providers, in the background.

`questions` says whom to ask about, `provider` asks over HTTP, `answers` reads and learns, `worker`
does it, at a provider's rate and once each.
"""
