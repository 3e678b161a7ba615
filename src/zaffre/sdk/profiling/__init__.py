"""``Model.profile``: a model is really served and really asked, and what that took becomes a recommendation."""
