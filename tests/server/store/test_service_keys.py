"""The keys of services in both kinds of database."""

from __future__ import annotations

from functools import partial

from zaffre.server.store import service_keys, services, tokens, workspaces
from zaffre.server.store.engine import Store
from zaffre.server.store.service_keys import Keys
from zaffre.server.store.tokens import Principal

KEYS = Keys(primary="first", secondary="zwölf ✓", enabled=1, changed_at=7)
ROW = {"compute_type": "ACI", "state": "deploying", "created_at": 1, "updated_at": 1}


def test_keys_belong_to_one_service_and_go_with_it(store: Store) -> None:
    store.write(lambda connection: workspaces.create(connection, "other"))
    for ws in ("default", "other"):
        store.write(partial(services.put, ws=ws, name="svc", values=ROW))
    store.write(lambda connection: service_keys.put(connection, "default", "svc", KEYS))
    assert store.read(lambda connection: service_keys.find(connection, "default", "svc")) == KEYS
    assert store.read(lambda connection: service_keys.find(connection, "other", "svc")) is None
    with_keys, without = store.read(lambda connection: services.of_types(connection, ["ACI"]))
    assert (with_keys.auth_enabled, with_keys.keys_changed_at) == (True, 7)
    assert (without.auth_enabled, without.keys_changed_at) == (False, None)
    assert "first" not in f"{with_keys}{KEYS}"
    store.write(lambda connection: services.remove(connection, "default", "svc"))
    store.write(lambda connection: services.put(connection, "default", "svc", ROW))
    assert store.read(lambda connection: service_keys.find(connection, "default", "svc")) is None


def test_the_token_of_a_supervisor_ends_when_it_is_forgotten(store: Store) -> None:
    mark = tokens.of_service("svc")
    bearer = Principal(kind="run", name="ana", workspace="default", run_id=mark)
    store.write(lambda connection: tokens.add(connection, "hash", bearer))
    store.write(lambda connection: tokens.add(connection, "of-a-run", Principal(kind="run", name="ana", run_id="svc")))
    store.write(lambda connection: tokens.forget_of_run(connection, "default", mark))
    assert store.read(lambda connection: tokens.find(connection, "hash")) is None
    assert store.read(lambda connection: tokens.find(connection, "of-a-run")) is not None
