"""``zaffre user``: the users of the server, who sign in with a name and a password."""
