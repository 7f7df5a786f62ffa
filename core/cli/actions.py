"""Commands of several actions, such as `hitscope labels export`: each does one thing and says what was done."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

from core.cli.main import show_json

Do = Callable[[argparse.Namespace], dict[str, Any]]  # returns what ``--json`` prints; ``done`` is its sentence


def actions_of(options: argparse.ArgumentParser) -> Callable[[str, str, Do], argparse.ArgumentParser]:
    """Return what adds an action to a command, by name, line of help and what it does; its own options go to the result."""
    actions = options.add_subparsers(dest="action", required=True, metavar="ACTION")

    def action(name: str, text: str, do: Do) -> argparse.ArgumentParser:
        parser = actions.add_parser(name, help=text, description=text)
        parser.add_argument("--json", action="store_true", help="print JSON")
        parser.set_defaults(do=do)
        return parser

    return action


def run_action(options: argparse.Namespace) -> None:
    """Do the action and say what was done."""
    done = options.do(options)
    if options.json:
        show_json(done)
    else:
        print(done["done"])
