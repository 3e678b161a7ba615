"""``zaffre permission``: who may do what with an experiment or a registered model, in place of the users' roles."""
