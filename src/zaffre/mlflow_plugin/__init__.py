"""MLflow's plugin for ``azureml://`` URIs.

MLflow loads it by the entry points in ``pyproject.toml``; only here is MLflow imported, and only by what MLflow itself
asks for.
"""
