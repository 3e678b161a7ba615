"""Every figure that the README quotes, measured by ``make bench`` and printed beside its target and a peer."""
