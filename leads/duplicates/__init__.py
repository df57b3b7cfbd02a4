"""Leads that may be one person: found in the background, decided by people."""
