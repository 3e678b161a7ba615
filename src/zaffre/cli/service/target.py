"""Where a service runs, as the command line says it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from cyclopts import Group, Parameter, validators

from zaffre.cli.exits import UsageError
from zaffre.sdk.aci_settings import AciServiceDeploymentConfiguration
from zaffre.sdk.webservice_local import LocalWebservice, LocalWebserviceDeploymentConfiguration

TARGET = Group("Where it runs", sort_key=6)
_Above0 = Annotated[float | None, Parameter(validator=validators.Number(gt=0))]


@Parameter(name="*", group=TARGET)
@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    target: Literal["local", "aci"] = "local"
    """On this machine, or in a container that the server keeps running."""
    port: int | None = None
    """The port on this machine; by default a free one."""
    auth: bool = False
    """Callers must send one of its keys (aci)."""
    cpus: _Above0 = None
    """Cores that its container may use (aci)."""
    memory: _Above0 = None
    """Gigabytes that its container may use (aci)."""
    collect_data: Annotated[bool, Parameter(negative=())] = False
    """Keep the inputs and predictions that its script collects (ModelDataCollector)."""

    def configuration(self) -> LocalWebserviceDeploymentConfiguration | AciServiceDeploymentConfiguration:
        if self.target == "aci":
            if self.port is not None:
                raise UsageError("A service of the server has an address and no port to choose: leave --port out.")
            return AciServiceDeploymentConfiguration(
                cpu_cores=self.cpus,
                memory_gb=self.memory,
                auth_enabled=self.auth,
                collect_model_data=self.collect_data,
            )
        if self.auth or self.cpus is not None or self.memory is not None:
            raise UsageError("--auth, --cpus and --memory are for services of the server: add --target aci.")
        return LocalWebservice.deploy_configuration(port=self.port, collect_model_data=self.collect_data)


LOCALLY = Target()
