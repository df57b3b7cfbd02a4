"""Handoff on one machine: `python3 handoff_project/onebox COMMAND`, behind every `make` target.

It makes the virtual environment, starts PostgreSQL and Valkey from their packages, and supervises
the web server, the worker and beat. It uses only the standard library, because it runs before
anything is installed. It sees the rest of the project as commands to start, never as imports.
"""
