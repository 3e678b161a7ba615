"""Names for runs that were given none: two words and a number, easy to say and to tell apart."""

from __future__ import annotations

import secrets

_FIRST = tuple(
    "amber azure bold brave bright brisk calm clear clever cobalt copper coral crisp eager gentle golden green "  # noqa: SIM905
    "happy honest ivory jade keen kind lively lucky mellow mild misty noble olive patient proud quick quiet rapid "
    "rosy ruby sandy silent silver smooth stable steady sunny swift teal tidy vivid warm wise".split()
)
_SECOND = tuple(
    "anchor apple arch badger basin beacon birch bridge brook canyon cedar cliff cloud clover comet crane creek "  # noqa: SIM905
    "falcon fern field forest fox garden glade grove harbor hawk heron hill island kestrel lagoon lake lantern larch "
    "lynx maple marsh meadow mill moss otter owl pebble pier pine plum pond poplar reef ridge river robin sail "
    "sparrow spring stone summit thistle tide tulip valley willow wren".split()
)


def new_display_name() -> str:
    """Such as ``calm-river-417``."""
    words, number = divmod(secrets.randbelow(len(_FIRST) * len(_SECOND) * 1000), 1000)
    first, second = divmod(words, len(_SECOND))
    return f"{_FIRST[first]}-{_SECOND[second]}-{number}"
