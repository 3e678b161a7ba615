"""What one server process is told when it starts; nothing here is read from the environment."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from zaffre.core import contract, limits

LOOPBACK_HOSTS = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    home: Path  # ZAFFRE_HOME: everything the server keeps is below it
    host: str = "127.0.0.1"  # the address it listens on
    port: int = contract.DEFAULT_PORT  # 0: a free one
    team: bool = False  # True: workspaces and computes are made by hand, never on first use
    allowed_hosts: tuple[str, ...] = ()  # names besides the loopback ones that the Host header may carry
    database_address: str = field(default="", repr=False)  # postgresql://...; empty: a SQLite file in the home
    studio: Path | None = None  # the built Studio; None: the one in the package
    private_webhooks: bool = False  # webhooks may reach this machine and the networks around it, and by plain http
    webhook_retry_seconds: float = 1.0  # before a delivery is tried again; each further wait is twice as long
    heartbeat_lost_seconds: float = limits.HEARTBEAT_LOST_SECONDS
    lease_seconds: float = limits.LEASE_SECONDS
    reconcile_seconds: float = 0.5  # how often queued runs and silent heartbeats are looked at
    keep_alive_seconds: float = 15.0  # how often an idle event stream says that it lives

    @property
    def database(self) -> str | Path:
        """What the store opens; it may hold a password."""
        return self.database_address or self.home / "workspace.db"

    @property
    def database_file(self) -> Path:
        return self.home / contract.DATABASE_FILE

    @property
    def artifacts(self) -> Path:
        return self.home / "artifacts"

    @property
    def server_file(self) -> Path:
        return self.home / contract.SERVER_FILE

    @property
    def token_file(self) -> Path:
        return self.home / contract.TOKEN_FILE

    @property
    def webhooks_key_file(self) -> Path:
        return self.home / "webhooks.key"

    @property
    def host_names(self) -> frozenset[str]:
        """Every host name, lower case and without a port, that a request may be addressed to."""
        own = () if self.host in ("0.0.0.0", "::") else (self.host,)  # noqa: S104
        return frozenset(name.lower() for name in (*LOOPBACK_HOSTS, *own, *self.allowed_hosts))
