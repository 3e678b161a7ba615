"""Beside the user's code: ``python -m zaffre.runner run`` supervises one run, ``service`` one web service."""
