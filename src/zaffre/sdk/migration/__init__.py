"""Copying what an MLflow server or store holds into a workspace."""
