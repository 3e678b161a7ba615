"""Which connections wait for a worker, and which shall go to another one.

A caller's connection stays with the worker that got it. One that began alone has all of them when others come to help.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterator

from zaffre.serving import board as boards
from zaffre.serving.board import Board
from zaffre.serving.member import Member
from zaffre.serving.poller import readable


def waiting(members: Collection[Member], board: Board) -> int:
    """How many requests are in their sockets, unread."""
    return sum(len(_waiting(member, board)) for member in members)


def misplaced(
    able: Collection[Member], board: Board, is_overloaded: Callable[[Member], bool]
) -> Iterator[tuple[Member, int]]:
    """The connections, by slot, whose request waits for an overloaded worker that has more to do than its share. What
    nobody sends anything over is left where it is."""
    overloaded = [member for member in able if is_overloaded(member)]
    if not overloaded or len(able) < 2:
        return
    waits = {member: _waiting(member, board) for member in able}
    active = {member: len(waits[member]) + _begun(member, board) for member in able}
    share = math.ceil(sum(active.values()) / len(able))
    for member in overloaded:
        for slot in waits[member][: max(0, active[member] - share)]:
            yield member, slot


def _begun(member: Member, board: Board) -> int:
    return sum(board.state(slot) != boards.IDLE for slot in member.guests)


def _waiting(member: Member, board: Board) -> list[int]:
    """The slots of connections over which a request came that nobody has read."""
    unread = {sock.fileno(): slot for slot, sock in member.guests.items() if board.state(slot) == boards.IDLE}
    ready = readable(member.guests[slot] for slot in unread.values())
    return [slot for fd, slot in unread.items() if fd in ready]
