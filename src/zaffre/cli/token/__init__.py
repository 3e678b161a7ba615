"""``zaffre token``: the tokens by which scripts come in."""
