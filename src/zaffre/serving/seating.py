"""Which connections wait for a worker, and which shall go to another one.

A caller's connection stays with the worker that got it. One that began alone has all of them when others come to help.
"""

from __future__ import annotations

import math
import socket
from collections.abc import Callable, Collection, Iterator

from zaffre.serving import board as boards
from zaffre.serving.board import Board
from zaffre.serving.member import Member
from zaffre.serving.poller import count_readable


def waiting(members: Collection[Member], board: Board) -> int:
    """How many requests are in their sockets, unread."""
    return count_readable(sock for member in members for _, sock in _unread(member, board))


def misplaced(
    able: Collection[Member], board: Board, is_overloaded: Callable[[Member], bool]
) -> Iterator[tuple[Member, int]]:
    """The connections, by slot, that an overloaded worker has beyond its share, as far as it is not at work on them."""
    share = math.ceil(sum(len(member.guests) for member in able) / max(len(able), 1))
    for member in able:
        if len(member.guests) > share and is_overloaded(member):
            for slot, _ in _unread(member, board)[: len(member.guests) - share]:
                yield member, slot


def _unread(member: Member, board: Board) -> list[tuple[int, socket.socket]]:
    return [(slot, sock) for slot, sock in member.guests.items() if board.state(slot) == boards.IDLE]
