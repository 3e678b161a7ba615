"""The MLflow REST protocol: a door that translates; the rules live in the rooms below."""
