"""The router of an endpoint: one process that holds its socket, chooses a version for each request and relays.

``python -m zaffre.routing`` is started by ``zaffre.runner.endpoint``; it reads ``table.json`` and asks nobody else.
"""
