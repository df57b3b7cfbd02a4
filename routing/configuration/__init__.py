"""Who works leads, when, and who gets which: this app's sections of the configuration file.

`leads.configuration` says how a file is read and written.
"""
