"""Which runs have a parameter or tag of a value: sets of row numbers, by which a search begins.

A row of ``run_sets`` is the part of one set that lies in one experiment and one block of ``BLOCK`` row numbers. It is
written in the transaction that writes the parameter or tag, so the sets are exact for every reader. To find the runs
that meet several conditions is to AND a few numbers, whatever the sets hold.
"""

from __future__ import annotations

import sys
from array import array
from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from hashlib import blake2b
from itertools import compress
from typing import Any

from sqlalchemy import Connection, Table, bindparam, delete, select

from zaffre.server.store import dialect, pairs
from zaffre.server.store import schema as tables
from zaffre.server.store.prepared import Prepared

BLOCK = 4096
_BYTES = BLOCK // 8
_SPARSE = 128  # a shorter row lists its members, two bytes each; a longer one would cost more than it saves
_OF_BYTE = tuple(tuple(at for at in range(8) if byte >> at & 1) for byte in range(256))

Set = dict[int, int]  # by block, the members as the bits of a number
Change = tuple[Table, Mapping[str, str], Mapping[str, str]]  # values to put, and those that the run has

_sets = tables.run_sets
_kept = Prepared(
    lambda used: select(_sets.c.pair, _sets.c.members).where(
        _sets.c.experiment_id == bindparam("experiment"),
        dialect.among(used, _sets.c.pair, "pairs"),
        _sets.c.block == bindparam("block_"),
    ),
    ("experiment", "pairs", "block_"),
)
_put = Prepared(
    lambda used: dialect.upsert(used, _sets, ("experiment_id", "pair", "block"), ("members",)),
    ("experiment_id", "pair", "block", "members"),
)
_drop = Prepared(
    delete(_sets).where(
        _sets.c.experiment_id == bindparam("experiment"),
        _sets.c.pair == bindparam("pair_"),
        _sets.c.block == bindparam("block_"),
    ),
    ("experiment", "pair_", "block_"),
)
_in_experiments = Prepared(
    lambda used: select(_sets.c.block, _sets.c.members).where(
        dialect.among(used, _sets.c.experiment_id, "experiments"), _sets.c.pair == bindparam("pair_")
    ),
    ("experiments", "pair_"),
)
_in_workspace = Prepared(
    select(_sets.c.block, _sets.c.members).where(
        _sets.c.experiment_id.in_(
            select(tables.experiments.c.id).where(
                tables.experiments.c.workspace_pk
                == select(tables.workspaces.c.pk).where(tables.workspaces.c.name == bindparam("ws")).scalar_subquery()
            )
        ),
        _sets.c.pair == bindparam("pair_"),
    ),
    ("ws", "pair_"),
)


def pair_of(table: str, key: str, value: str) -> str:
    """The name of the set of runs whose parameter or tag ``key`` is ``value``: 120 bits that no two pairs share."""
    told = f"{table}\0{len(key)}\0{key}{value}".encode("utf-8", "surrogatepass")
    return b64encode(blake2b(told, digest_size=15).digest()).decode()


# --- writing ---------------------------------------------------------------------------------------------------------


def put(
    connection: Connection,
    table: Table,
    experiment_id: int,
    run_pk: int,
    values: Mapping[str, str],
    known: Mapping[str, str],
) -> None:
    """``pairs.put`` for parameters and tags of a run; ``known``: those that it has, the ones in ``values`` at least."""
    put_all(connection, experiment_id, run_pk, [(table, values, known)])


def put_all(connection: Connection, experiment_id: int, run_pk: int, given: Iterable[Change]) -> None:
    """``put`` for several tables at once: the sets of all of them are read, and written, together."""
    into, out_of = [], []
    for table, values, known in given:
        new = {key: value for key, value in values.items() if known.get(key) != value}
        pairs.put(connection, table, run_pk, new)
        into += [pair_of(table.name, *pair) for pair in new.items()]
        out_of += [pair_of(table.name, key, known[key]) for key in new if key in known]
    _move(connection, experiment_id, run_pk, into, out_of)


def remove(connection: Connection, table: Table, experiment_id: int, run_pk: int, keys: Sequence[str]) -> int:
    """``pairs.remove`` for tags of a run."""
    if not keys:
        return 0
    known = pairs.of(connection, table, run_pk)
    gone = [key for key in dict.fromkeys(keys) if key in known]
    pairs.remove(connection, table, run_pk, gone)
    _move(connection, experiment_id, run_pk, (), [pair_of(table.name, key, known[key]) for key in gone])
    return len(gone)


def _move(connection: Connection, experiment_id: int, run_pk: int, into: Sequence[str], out_of: Sequence[str]) -> None:
    if not into and not out_of:
        return
    block, at = divmod(run_pk, BLOCK)
    kept: dict[str, bytes] = dict(_kept.all(connection, (experiment_id, dialect.many([*into, *out_of]), block)))
    changed = [(experiment_id, pair, block, _with(kept.get(pair, b""), at)) for pair in into]
    rest = {pair: unpack(kept.get(pair, b"")) & ~(1 << at) for pair in out_of}
    changed += [(experiment_id, pair, block, pack(bits)) for pair, bits in rest.items() if bits]
    if changed:
        _put.many(connection, changed)
    empty = [(experiment_id, pair, block) for pair, bits in rest.items() if not bits]
    if empty:
        _drop.many(connection, empty)


# --- reading ---------------------------------------------------------------------------------------------------------


def common(connection: Connection, ws: str, experiment_ids: Sequence[int] | None, wanted: Sequence[str]) -> Set:
    """The runs that are in all of the sets ``wanted``, of these experiments, or of all in the workspace ``ws``."""
    found: Set | None = None
    for pair in wanted:
        if experiment_ids is None:
            rows = _in_workspace.all(connection, (ws, pair))
        else:
            rows = _in_experiments.all(connection, (dialect.many(experiment_ids), pair))
        these: Set = {}
        for block, data in rows:
            if found is None or block in found:
                these[block] = these.get(block, 0) | unpack(data)
        if found is None:
            found = these
        else:
            found = {block: both for block, bits in these.items() if (both := bits & found[block])}
        if not found:
            break
    return found or {}


def size(members: Set) -> int:
    return sum(bits.bit_count() for bits in members.values())


def listed(members: Set) -> list[int]:
    """The row numbers, ascending."""
    found: list[int] = []
    for block, bits in sorted(members.items()):
        found += _ones(bits, block * BLOCK)
    return found


def _ones(bits: int, first: int = 0) -> list[int]:
    """The numbers of the bits that are set, the lowest counted as ``first``; ascending."""
    if bits.bit_count() * 2 >= _SPARSE:
        data = bits.to_bytes(_BYTES, "little")
        return [first + 8 * i + at for i in compress(range(_BYTES), data) for at in _OF_BYTE[data[i]]]
    text, ones = f"{bits:b}", []
    top, at = first + len(text) - 1, text.rfind("1")
    while at >= 0:
        ones.append(top - at)
        at = text.rfind("1", 0, at)
    return ones


# --- the bytes of a row ----------------------------------------------------------------------------------------------


def pack(bits: int) -> bytes:
    """Members of a block as a row keeps them: the few of a sparse one as 16-bit numbers, else one bit for each run."""
    if bits.bit_count() * 2 >= _SPARSE:
        return bits.to_bytes(_BYTES, "little")
    return _little(array("H", _ones(bits))).tobytes()


def _with(data: bytes, at: int) -> bytes:
    """The row with one more member: at its end as a rule, for runs are numbered as they come."""
    if len(data) < _SPARSE - 2 and (not data or int.from_bytes(data[-2:], "little") < at):
        return data + at.to_bytes(2, "little")
    return pack(unpack(data) | 1 << at)


def unpack(data: bytes) -> int:
    if len(data) < _SPARSE:
        few = array("H")
        few.frombytes(data)
        return sum(1 << at for at in _little(few))
    return int.from_bytes(data, "little")


def _little(numbers: array[Any]) -> array[Any]:
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers
