"""What both stores share: credentials that are renewed by themselves, and artifact URIs that their clients can use."""

from __future__ import annotations

from typing import Any

from mlflow.exceptions import RestException
from mlflow.utils.rest_utils import MlflowHostCreds

from zaffre.mlflow_plugin.addresses import Addresses
from zaffre.sdk.mlflow_address import Tokens

_UNAUTHENTICATED = ("UNAUTHENTICATED", "CUSTOMER_UNAUTHORIZED")


class Renewing:
    """Mixed in before one of MLflow's REST stores; ``uri`` is an ``azureml://`` tracking URI."""

    def __init__(self, uri: str) -> None:
        self._tokens = Tokens(uri)
        self._addresses = Addresses(uri)
        super().__init__(self._credentials)  # type: ignore[call-arg]

    def _credentials(self) -> MlflowHostCreds:
        access = self._tokens.current()
        return MlflowHostCreds(host=access.host, token=access.token)

    def _call_endpoint(self, api: Any, json_body: Any = None, *args: Any, **kwargs: Any) -> Any:
        """One call; a token that the server does not know any more is replaced, once."""
        if isinstance(json_body, str):
            json_body = self._addresses.to_server(json_body)
        access = self._tokens.current()
        call = super()._call_endpoint  # type: ignore[misc]
        try:
            answer = call(api, json_body, *args, **kwargs)
        except RestException as error:
            if error.error_code not in _UNAUTHENTICATED:
                raise
            self._tokens.refused(access)
            answer = call(api, json_body, *args, **kwargs)
        if answer is not None:
            self._addresses.rewrite(answer)
        return answer
