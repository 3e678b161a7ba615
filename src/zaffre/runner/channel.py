"""The server, wherever it is at the moment: it may go away, and come back on another port."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeVar

from zaffre.core import contract
from zaffre.core.errors import AuthenticationException, AzureMLException, ServerUnavailable
from zaffre.sdk.client import Client
from zaffre.sdk.transport import Retries, is_away

T = TypeVar("T")

_FIRST_PAUSE: Final = 0.1
_LONGEST_PAUSE: Final = 2.0
_TIMEOUT: Final = 30.0


class Channel:
    """One client for all threads of the supervisor, replaced when ``server.json`` names another address.

    ``server.json`` counts only for a server of this machine, whose address the runner was given.
    """

    def __init__(self, url: str, token: str, home: Path) -> None:
        self._home = home
        self._token = token
        self._client = self._connect(url)
        self._lock = threading.Lock()

    @property
    def url(self) -> str:
        return self._client.url

    @property
    def tokens(self) -> dict[str, str]:
        """What opens the files that the server keeps, by its address."""
        return {self.url: self._token}

    def call(self, act: Callable[[Client], T]) -> T:
        """What ``act`` returns; tried again at once if the server has moved. Raises what the server raised."""
        client = self._client
        try:
            return act(client)
        except (ServerUnavailable, AuthenticationException):
            moved = self._follow(client)
            if moved is None:
                raise
        return act(moved)

    def insist(
        self,
        act: Callable[[Client], T],
        give_up: Callable[[], bool],
        on_refusal: Callable[[AzureMLException], None] = lambda _: None,
    ) -> T:
        """Like ``call``, repeated while the server is away or its disk is full, until ``give_up`` says so.

        ``on_refusal`` hears each such failure; the last one is raised when it gives up.
        """
        pause = _FIRST_PAUSE
        while True:
            try:
                return self.call(act)
            except AzureMLException as error:
                if not is_away(error):
                    raise
                on_refusal(error)
                if give_up():
                    raise
            time.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)

    def _follow(self, failed: Client) -> Client | None:
        """The client to use after ``failed``; None when nothing else is known."""
        with self._lock:
            if self._client is not failed:
                return self._client
            url = _recorded_url(self._home)
            if url is None or url == failed.url:
                return None
            self._client = self._connect(url)
            return self._client

    def _connect(self, url: str) -> Client:
        return Client(url, self._token, retries=Retries(seconds=0), timeout=_TIMEOUT)


def _recorded_url(home: Path) -> str | None:
    try:
        return str(json.loads((home / contract.SERVER_FILE).read_text("utf-8"))["url"]).rstrip("/")
    except (OSError, ValueError, KeyError, TypeError):
        return None
