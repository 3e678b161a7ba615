"""``zaffre demo``: train, register, deploy and score a model on this machine, with scripts that can be read."""
