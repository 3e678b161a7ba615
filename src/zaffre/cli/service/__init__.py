"""``zaffre service``: deploy models as web services, score and read them."""
