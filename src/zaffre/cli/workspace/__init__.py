"""``zaffre workspace``: the workspaces of the server."""
