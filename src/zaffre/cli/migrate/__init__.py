"""``zaffre migrate``."""
