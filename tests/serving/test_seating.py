"""Which connections an overloaded worker gives to others."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from zaffre.serving import board as boards
from zaffre.serving import channel, seating
from zaffre.serving.board import Board
from zaffre.serving.member import Member


class Guests:
    """Workers with connections: over some a request came (``w``), in some it is under way (``r``), some are idle."""

    def __init__(self, stack: ExitStack, *workers: str) -> None:
        self.board = Board(len(workers))
        self.members = []
        slot = 0
        for row, kinds in enumerate(workers):
            ours, theirs = channel.line()
            stack.callback(ours.close)
            stack.callback(theirs.close)
            member = Member(0, row, ours, is_ready=True)
            for kind in kinds:
                caller, guest = (stack.enter_context(end) for end in socket.socketpair())
                member.guests[slot] = guest
                self.board.set(slot, boards.RUNNING if kind == "r" else boards.IDLE)
                if kind == "w":
                    caller.sendall(b"POST")
                slot += 1
            self.members.append(member)

    def misplaced(self, *overloaded: int) -> list[tuple[int, int]]:
        found = seating.misplaced(self.members, self.board, lambda member: member.row in overloaded)
        return [(member.row, slot) for member, slot in found]


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def test_what_waits_beyond_an_even_share_goes(stack: ExitStack) -> None:
    guests = Guests(stack, "rwwwww", "", "")
    assert seating.waiting(guests.members, guests.board) == 5
    assert guests.misplaced(0) == [(0, 1), (0, 2), (0, 3), (0, 4)]
    assert guests.misplaced() == []


def test_idle_connections_are_no_work(stack: ExitStack) -> None:
    assert Guests(stack, "rww", "rww", "iii").misplaced(0, 1) == [(0, 1), (1, 4)]
    assert Guests(stack, "iiiiii", "r", "").misplaced(0, 1) == []


def test_who_is_not_overloaded_keeps_its_connections(stack: ExitStack) -> None:
    assert Guests(stack, "rwww", "rwww", "r").misplaced(1) == [(1, 5)]


def test_one_worker_alone_keeps_all(stack: ExitStack) -> None:
    assert Guests(stack, "rwww").misplaced(0) == []
