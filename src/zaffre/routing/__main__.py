"""``python -m zaffre.routing FOLDER FD [FILE]``: route what comes to the listening socket FD by the table in FOLDER.

What it answers itself is counted in FILE.
"""

from __future__ import annotations

import sys
from pathlib import Path

from zaffre.routing.router import main

if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]) if len(sys.argv) > 3 else None))
