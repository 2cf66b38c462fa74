"""Where `aeptui` and `python -m aeptui` begin: what was last seen is shown, then all else is loaded."""

from aeptui import compiled, saved_screen


def main() -> int:
    """Run one command; answers its exit code."""
    saved_screen.show()
    compiled.keep()
    try:
        from aeptui import cli

        return cli.main()
    finally:
        saved_screen.leave()


if __name__ == "__main__":
    raise SystemExit(main())
