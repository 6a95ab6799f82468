"""``python -m snnlab`` is the same as ``snnlab``."""

import sys

from snnlab.cli import main

if __name__ == "__main__":
    sys.exit(main())
