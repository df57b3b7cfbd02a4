"""A backup is a folder with the dump of the database and a manifest that says what is in it."""
