"""``python -m zaffre.server``: the server process."""

import gc
import sys

# Imports make thousands of objects and no garbage: looking for it takes a tenth of the time until the server is ready.
gc.disable()

from zaffre.server.process import main  # noqa: E402

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
