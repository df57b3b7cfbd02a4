"""From a published definition to scores: `statement` compiles, `scorer` applies, `explain` words."""
