"""``zaffre environment``: the software environments of a workspace."""
