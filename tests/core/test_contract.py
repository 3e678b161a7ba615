"""What a runner or a supervisor gets of the variables of the process that starts it."""

from __future__ import annotations

from zaffre.core.contract import inheritable


def test_a_machines_settings_are_inherited_and_anothers_identity_is_not() -> None:
    settings = {"PATH": "/bin", "ZAFFRE_TORCH": "cpu", "ZAFFRE_CONDA": "pypi", "ZAFFRE_REGISTRY": "host:5000"}
    others = {
        "ZAFFRE_URL": "http://elsewhere",
        "ZAFFRE_TOKEN": "secret",
        "ZAFFRE_WORKLOAD": "mark",
        "AZUREML_RUN_ID": "run",
        "MLFLOW_TRACKING_URI": "http://elsewhere",
        "SCORING_TIMEOUT_MS": "5",
    }
    assert inheritable({**settings, **others}) == settings
