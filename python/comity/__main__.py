"""The command line: `python -m comity` is `comity`."""

from __future__ import annotations

import sys


def main() -> int:
    """Runs the command line with the arguments of this process, and returns the exit code."""
    from . import _native

    return _native.main(sys.argv[1:], program=True)


if __name__ == "__main__":
    sys.exit(main())
