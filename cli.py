"""The command line: the same verbs as the pages, without a screen.

`--json` prints machine-readable output on stdout and nothing else there. A mistake of the user exits with 2 and
one line on stderr; `launch --wait` exits with 1 when a run did not finish.
"""

import difflib
import json
import os
import sys
from collections.abc import Iterable, Sequence

from core.errors import TradeoffError
from core.home import Home
from verbs import (
    answers,
    candidates,
    cascades,
    comparing,
    costs,
    curves,
    datasets,
    deciding,
    decisions,
    machine,
    racing,
    records,
    runs,
)
from verbs.parsing import Act, Parser


def parser() -> Parser:
    """The verbs and their options."""
    top = Parser(prog="cli.py", description="Choose a text model on your own data.")
    verbs = top.add_subparsers(dest="verb", required=True, metavar="VERB", parser_class=Parser)

    def verb(name: str, act: Act) -> Parser:
        made: Parser = verbs.add_parser(name, help=act.__doc__, description=act.__doc__)
        made.add_argument("--json", action="store_true", help="print JSON on stdout and nothing else")
        made.set_defaults(act=act, failed=False, told="")
        return made

    for area in (
        datasets,
        candidates,
        runs,
        answers,
        deciding,
        decisions,
        comparing,
        cascades,
        machine,
        costs,
        curves,
        records,
        racing,
    ):
        area.add(verb)
    return top


def known_verb(arguments: Sequence[str], verbs: Iterable[str]) -> None:
    """Raise "did you mean" for a mistyped verb, which argparse would answer with the whole list."""
    if arguments and not arguments[0].startswith("-") and arguments[0] not in verbs:
        near = difflib.get_close_matches(arguments[0], verbs, n=1)
        remedy = f'Did you mean "{near[0]}"?' if near else f"The verbs are {', '.join(verbs)}."
        raise TradeoffError(f'There is no verb "{arguments[0]}"', remedy=remedy)


def main(arguments: Sequence[str]) -> int:
    """Run one verb; returns the exit code."""
    from verbs.show import show

    try:
        top = parser()
        known_verb(arguments, [name for action in top._subparsers._group_actions for name in action.choices])  # type: ignore[union-attr]
        options = top.parse_args(arguments)
        answer = options.act(options, Home.default())
        if options.json:
            print(json.dumps(answer, ensure_ascii=False, indent=1, allow_nan=False))
        else:
            show("plan" if getattr(options, "plan", False) else options.verb, answer, options.told)
        sys.stdout.flush()
        return 1 if options.failed else 0
    except TradeoffError as error:
        print(" ".join(str(error).split()), file=sys.stderr)
        return 2
    except BrokenPipeError:  # who reads has seen enough, as `| head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        print("Stopped watching; runs go on. `cli.py runs` shows them, `cli.py cancel RUN` stops one.", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
