# The stand-in's command line: `python -m clearml_agent execute --full-monitoring --require-queue --id TASK`.
import argparse
import sys

from requests import RequestException

from .execute import execute
from .interface.worker import COMMANDS


def main():
    parser = argparse.ArgumentParser(prog="clearml_agent", description="A stand-in for clearml-agent")
    commands = parser.add_subparsers(dest="command", required=True)
    for name, command in COMMANDS.items():
        words = commands.add_parser(name, help=command["help"])
        for option, how in command["args"].items():
            words.add_argument(option, **how)
    typed = parser.parse_args()
    try:
        return execute(typed.id, typed.require_queue)
    except (ValueError, RequestException) as problem:
        # The real agent prints this to standard output too.
        print("\nclearml_agent: ERROR: %s\n" % problem, flush=True)
        return 1


sys.exit(main())
