"""A list without any framework: what a key costs a Python program at least.

    python -m tests.bench.floor.raw [ROWS]

`up`, `down`, `pageup` and `pagedown` move; a line scrolled is sent as a scroll
region and the two lines that changed.
"""

import os
import sys
import termios
import tty

from tests.bench.floor.rows import TITLES, WIDTHS, made


def main(count: int) -> None:
    rows = made(count)
    before = termios.tcgetattr(0)
    tty.setraw(0)
    columns, lines = os.get_terminal_size()
    height = lines - 1
    top = cursor = 0

    def words(cells: tuple[str, ...]) -> str:
        pairs = zip(cells, WIDTHS, strict=True)
        return "".join(f"{cell[: width - 1]:<{width}}" for cell, width in pairs)[:columns]

    def line(y: int) -> str:
        here = "\x1b[7m" if top + y == cursor else ""
        text = words(rows[top + y]) if top + y < count else ""
        return f"\x1b[{y + 2};1H{here}{text:<{columns}}\x1b[m"

    def show(change: str) -> None:
        os.write(1, f"\x1b[?2026h{change}\x1b[?2026l".encode())

    def whole() -> str:
        return "".join(line(y) for y in range(height))

    os.write(1, b"\x1b[?1049h\x1b[?25l")
    show(f"\x1b[1;1HREADY {words(TITLES)[: columns - 6]}{whole()}")
    moves = {b"\x1b[A": -1, b"\x1b[B": 1, b"\x1b[5~": -height, b"\x1b[6~": height}
    try:
        while (key := os.read(0, 64)) != b"q":
            if key not in moves:
                continue
            old_cursor, old_top = cursor, top
            cursor = max(0, min(count - 1, cursor + moves[key]))
            if abs(moves[key]) > 1:
                top = max(0, min(count - height, top + moves[key]))
            top = min(max(top, cursor - height + 1), cursor)
            if abs(top - old_top) > 1:
                show(whole())
                continue
            scrolled = ""
            if top > old_top:
                scrolled = f"\x1b[2;{lines}r\x1b[{lines};1H\n\x1b[r"
            elif top < old_top:
                scrolled = f"\x1b[2;{lines}r\x1b[2;1H\x1bM\x1b[r"
            show(
                scrolled
                + (line(old_cursor - top) if old_cursor >= top else "")
                + line(cursor - top)
            )
    finally:
        os.write(1, b"\x1b[?25h\x1b[?1049l")
        termios.tcsetattr(0, termios.TCSADRAIN, before)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)
