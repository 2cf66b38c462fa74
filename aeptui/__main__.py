"""`python -m aeptui` is the same program as `aeptui`."""

from aeptui.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
