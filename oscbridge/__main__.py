"""`python -m oscbridge`, and the `oscbridge` command. Imports nothing early: worker processes load this file too."""

import sys


def main() -> None:
    from .cli import app

    sys.exit(app())


if __name__ == "__main__":
    main()
