"""The acts on webhooks: who may be told of what, and where."""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from typing import Any, Final

from zaffre.core.errors import InvalidValue, ServerUnavailable, StateConflict, Unsupported
from zaffre.core.ids import new_hex
from zaffre.server.store import webhooks as rows
from zaffre.server.store.engine import Store
from zaffre.server.store.paging import Found
from zaffre.server.store.webhooks import Webhook
from zaffre.server.webhooks import addresses, sender
from zaffre.server.webhooks.events import EXAMPLES
from zaffre.server.webhooks.seal import Seal
from zaffre.server.webhooks.sender import Outcome

_NAME: Final = re.compile(r"[a-zA-Z0-9](?:[a-zA-Z0-9._-]{0,61}[a-zA-Z0-9])?")
_LONGEST: Final = 1000

_log = logging.getLogger("zaffre.server.webhooks")


class Webhooks:
    """Create, find, change, delete and try out webhooks. ``ws`` is the name of a workspace."""

    def __init__(self, store: Store, seal: Seal, *, private: bool) -> None:
        self._store = store
        self._seal = seal
        self._private = private

    def keep_secrets(self) -> None:
        """Encrypt what an older version kept as it was and, where the key was moved away, everything with a new one.

        A secret that no key opens stays as it is, and the log says so.
        """
        kept = self._store.read(rows.secrets)
        moved = self._seal.old.exists()
        anew = {pk: text for pk, text in kept.items() if moved or not self._seal.is_closed(text)}
        changes: dict[int, tuple[str, str]] = {}
        for pk, text in anew.items():
            try:
                secret = self._seal.open(text) if self._seal.is_closed(text) else text
                changes[pk] = text, self._seal.close(secret)
            except StateConflict as error:
                _log.warning("%s", error.message)
                moved = False
        if changes:
            self._store.write(lambda connection: rows.put_secrets(connection, changes))
        if moved:
            self._seal.old.unlink()
        if len(anew) < len(kept) and not self._seal.file.exists():
            _log.warning(
                "Webhooks have secrets, but their key is not in %s: what they are to be told waits. Put the file back "
                "that stood there when the database was in use, or give them new secrets.",
                self._seal.file,
            )

    def create(
        self,
        ws: str,
        *,
        name: str,
        url: str,
        events: Sequence[str],
        description: str = "",
        secret: str | None = None,
        active: bool = True,
    ) -> Webhook:
        """A new webhook; ``InvalidValue`` for an address that is not to be reached."""
        values = self._checked(name=name, url=url, events=events, description=description, secret=secret, active=active)
        return self._store.write(lambda connection: rows.add(connection, ws, **values))

    def get(self, ws: str, webhook_id: str) -> Webhook:
        return self._store.read(lambda connection: rows.get(connection, ws, webhook_id))

    def search(self, ws: str, *, limit: int, after: str | None = None) -> Found[Webhook]:
        return self._store.read(lambda connection: rows.search(connection, ws, limit=limit, after=after))

    def change(self, ws: str, webhook_id: str, **given: Any) -> Webhook:
        """Set what is given, by the names that ``create`` takes; an empty secret takes the signature away."""
        self.get(ws, webhook_id)
        values = self._checked(**given)
        return self._store.write(lambda connection: rows.change(connection, ws, webhook_id, values))

    def delete(self, ws: str, webhook_id: str) -> None:
        self._store.write(lambda connection: rows.remove(connection, ws, webhook_id))

    def test(self, ws: str, webhook_id: str, event: str | None = None) -> Outcome:
        """Send an example of an event, by default of the first that it asked for, and tell what came of it."""
        webhook = self.get(ws, webhook_id)
        secret = self._store.read(lambda connection: rows.secret_of(connection, ws, webhook_id))
        event = event or webhook.events[0]
        _check_events([event])
        entity, _, action = event.partition(".")
        body = rows.body_of(ws, entity, action, EXAMPLES[event]).encode()
        try:
            given = sender.headers(new_hex(), body, secret and self._seal.open(secret))
            return sender.send(webhook.url, body, given, private=self._private)
        except (InvalidValue, ServerUnavailable, StateConflict) as error:
            return Outcome(error=error.message)

    def _checked(self, **given: Any) -> dict[str, Any]:
        """The columns for what is given."""
        if "name" in given and not _NAME.fullmatch(given["name"]):
            raise InvalidValue(
                f"Webhook name {given['name']!r:.100} is invalid: use 1 to 63 letters, digits, dots, underscores and "
                "hyphens, starting and ending with a letter or digit."
            )
        if len(given.get("description") or "") > _LONGEST or len(given.get("secret") or "") > _LONGEST:
            raise InvalidValue(f"The description and the secret of a webhook have at most {_LONGEST} characters each.")
        if "events" in given:
            given["events"] = list(dict.fromkeys(given["events"]))
            _check_events(given["events"])
        if "url" in given:
            target = addresses.parse(given["url"], private=self._private)
            try:
                addresses.resolve(target, private=self._private)
            except ServerUnavailable as error:
                raise InvalidValue(f"Invalid webhook URL: {error.message}") from error
        if "active" in given:
            given["active"] = int(given["active"])
        if "secret" in given:
            given["secret"] = self._seal.close(given["secret"]) if given["secret"] else None
        return given


def _check_events(events: Sequence[str]) -> None:
    if not events:
        raise InvalidValue("A webhook asks for one event at least: send them as `events`.")
    for event in events:
        if event == "budget_policy.exceeded":
            raise Unsupported("This server has no budgets, so that budget_policy.exceeded never happens. Leave it out.")
        if event not in EXAMPLES:
            raise InvalidValue(f"There is no event {event!r:.100}. There are {', '.join(EXAMPLES)}.", event=event)
