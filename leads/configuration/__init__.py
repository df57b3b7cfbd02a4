"""A company's configuration as one YAML file, written and read; docs/configuration.md describes it.

`document` reads text into nodes that know where they stand, `reading` takes values from them,
`columns` maps keys to the columns of models, `writing` makes text. Each noun has a section:
`named` those that are rows with a name, `segments` and `definition` (with `rules`, `terms` and
`examples`) their own. `transfer` runs sections over a file.

A value is checked by the model that stores it and by nothing else; what is checked here is that
the file is one, and that nothing in it is passed over.
"""
