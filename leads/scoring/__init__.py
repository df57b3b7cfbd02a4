"""From a published definition to scores.

`statement` compiles, `scorer` applies, `qualify` makes the MQL, `explain` puts it in words.
"""
