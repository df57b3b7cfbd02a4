"""The entry. Kept readable for an old Python, so that it can be told that it is too old."""

import sys
from pathlib import Path

if sys.version_info < (3, 11):  # noqa: UP036
    sys.exit("Handoff needs Python 3.11 or newer; this is {}.{}.".format(*sys.version_info))

# Python put this folder first on the path, where modules named like these would hide the
# standard library's. The parent goes last instead: only the name `onebox` is needed from there.
sys.path.pop(0)
sys.path.append(str(Path(__file__).resolve().parent.parent))

from onebox.commands import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
