"""One language for all rules: (field, operator, value), typed by a registry of fields.

`registry` names what may be asked, `terms` parses, `words` says it in English, `compiler` makes
one `Q` of it, `judge` asks it of a lead.
"""
