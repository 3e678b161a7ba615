"""``zaffre run``: submit, follow and fetch runs."""
