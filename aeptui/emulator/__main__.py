"""`python -m aeptui.emulator`: the emulator alone."""

import argparse
import sys

from aeptui.emulator.server import add_arguments, run


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m aeptui.emulator",
        description="Adobe Experience Platform on loopback, for rehearsal and tests.",
    )
    add_arguments(parser)
    return run(parser.parse_args())


if __name__ == "__main__":
    sys.exit(main())
