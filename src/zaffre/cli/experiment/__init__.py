"""``zaffre experiment``: the experiments of a workspace."""
