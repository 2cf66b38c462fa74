"""The console: the only package that imports Textual."""

import os

# Textual reads these once, when it is imported. A lone ESC counts as the key
# after 50 ms, which still joins a sequence that SSH split in two; the rest keeps
# the wire silent and leaves the terminal its own colours from the first frame.
os.environ.setdefault("ESCDELAY", "50")
os.environ.setdefault("TEXTUAL_ANIMATIONS", "none")
os.environ.setdefault("TEXTUAL_SMOOTH_SCROLL", "0")
os.environ.setdefault("TEXTUAL_THEME", "ansi-dark")
if not os.environ.get("NO_COLOR"):
    os.environ.pop("NO_COLOR", None)  # an empty one is unset; Textual goes by its being there
