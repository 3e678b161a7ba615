"""``zaffre compute``: the compute targets of a workspace."""
