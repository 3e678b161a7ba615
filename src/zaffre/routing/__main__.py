"""``python -m zaffre.routing FOLDER FD``: route what comes to the listening socket FD by the table in FOLDER."""

from __future__ import annotations

import sys
from pathlib import Path

from zaffre.routing.router import main

if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), int(sys.argv[2])))
