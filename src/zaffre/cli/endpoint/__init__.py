"""``zaffre endpoint``: versions of a service behind one address, and the traffic of each."""
