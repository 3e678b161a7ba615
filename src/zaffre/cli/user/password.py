"""A password from who types or pipes it; never from the command line, which every process of the machine can read."""

from __future__ import annotations

import getpass
import sys

from zaffre.cli.exits import UsageError


def new_password(name: str) -> str:
    """Asked for twice in a terminal; elsewhere the first line of stdin."""
    if not sys.stdin.isatty():
        line = sys.stdin.readline().rstrip("\r\n")
        if not line:
            raise UsageError(f"There is no password for {name} on stdin: pipe it in, or type it in a terminal.")
        return line
    password = getpass.getpass(f"New password for {name}: ", stream=sys.stderr)
    if getpass.getpass("The same again: ", stream=sys.stderr) != password:
        raise UsageError("The two passwords are not the same. Try again.")
    return password
