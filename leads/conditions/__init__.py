"""One language for all rules: (field, operator, value), typed by a registry of fields.

`registry` names what may be asked, `language` parses, words and compiles the questions.
"""
