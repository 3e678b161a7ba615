"""``zaffre model``: the model registry of a workspace."""
