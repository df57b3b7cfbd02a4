"""The demo company: Larkfield, which sells planning software, with a year of leads and work.

Everything is invented and made from a seed: `people` and `agreements` configure the company,
`stories` thinks up what leads did, `arrivals` stores it, `qualifying` judges it by the real
definitions, `past` writes how the reps worked it, and `present` opens today's work with the verbs.
"""
