"""The loop that sends what webhooks are to be told: at least once each, in no promised order, under a stable id.

A delivery is taken under a lease, sent outside of any transaction, and settled only if the lease still holds. A server
that dies in between sends it again when the lease is over.
"""

from __future__ import annotations

import logging
import threading
from typing import Final

from zaffre.core.errors import AzureMLException, InvalidValue, ServerUnavailable
from zaffre.core.ids import now_ms
from zaffre.server.store import webhooks as rows
from zaffre.server.store.engine import Store
from zaffre.server.store.webhooks import Delivery
from zaffre.server.webhooks import sender
from zaffre.server.webhooks.seal import Seal
from zaffre.server.webhooks.sender import TOTAL_SECONDS, Outcome

ATTEMPTS: Final = 10  # over about ten minutes
_LONGEST_WAIT: Final = 300.0
_AT_ONCE: Final = 8
_LEASE_MS: Final = int((TOTAL_SECONDS * 4) * 1000)

_log = logging.getLogger("zaffre.server.webhooks")


class Deliveries:
    """Sends each delivery in a thread of its own, which the server's end does not wait for."""

    def __init__(self, store: Store, seal: Seal, *, private: bool, first_wait: float) -> None:
        self._store = store
        self._seal = seal
        self._private = private
        self._first_wait = first_wait  # seconds before the second attempt; each further wait is twice as long
        self._sending: list[threading.Thread] = []

    def step(self) -> None:
        """Begin to send what is due, as far as there is room; return at once."""
        self._sending = [thread for thread in self._sending if thread.is_alive()]
        room = _AT_ONCE - len(self._sending)
        now = now_ms()
        if room <= 0 or not self._store.read(lambda connection: rows.has_due(connection, now)):
            return
        for delivery in self._store.write(lambda connection: rows.lease(connection, now, now + _LEASE_MS, room)):
            thread = threading.Thread(target=self._deliver, args=(delivery,), name="zaffre-webhook", daemon=True)
            self._sending.append(thread)
            thread.start()

    def _deliver(self, delivery: Delivery) -> None:
        try:
            self._settle(delivery, self._send(delivery))
        except ServerUnavailable:
            return  # the store is closed: the lease runs out, and it is sent again
        except Exception:
            _log.exception("Delivery %s of webhook %s failed", delivery.id, delivery.webhook_id)

    def _send(self, delivery: Delivery) -> Outcome:
        body = delivery.body.encode()
        try:
            given = sender.headers(delivery.id, body, delivery.secret and self._seal.open(delivery.secret))
            return sender.send(delivery.url, body, given, private=self._private)
        except InvalidValue as error:
            return Outcome(status=0, error=error.message)  # no attempt will do better
        except AzureMLException as error:
            return Outcome(error=error.message)

    def _settle(self, delivery: Delivery, outcome: Outcome) -> None:
        due = None
        if not outcome.arrived:
            why = outcome.error or f"it answered {outcome.status}"
            if outcome.passing and delivery.attempts < ATTEMPTS:
                due = now_ms() + int(1000 * self._wait(delivery.attempts, outcome.retry_after))
                _log.info("Webhook %s was not reached (%s); it is tried again", delivery.webhook_id, why)
            else:
                _log.warning(
                    "Webhook %s was not told of %s (delivery %s, %d attempts): %s",
                    *(delivery.webhook_id, delivery.event, delivery.id, delivery.attempts, why),
                )
        self._store.write(lambda connection: rows.settle(connection, delivery.pk, delivery.lease, due))

    def _wait(self, attempts: int, asked: int | None) -> float:
        wanted: float = max(self._first_wait * 2.0 ** (attempts - 1), float(asked or 0))
        return min(wanted, _LONGEST_WAIT)
