"""The panes of the mapping studio: columns, pairs, fields, and what becomes of the one at the cursor."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from rich.style import Style
from textual.strip import Strip

from aeptui.api.exploring import SourceColumn
from aeptui.forms.field_tree import TreeRow
from aeptui.forms.pairs import Pair
from aeptui.forms.source_connection import cell_text
from aeptui.forms.workbench import Workbench, typed
from aeptui.forms.xdm_fields import XdmField
from aeptui.ui.drawing import Piece, cut, fit, line, wrap
from aeptui.ui.palette import BOLD, CURSOR, CURSOR_AWAY, DIM, PLAIN, TONES
from aeptui.ui.widgets.painted import Painted
from aeptui.ui.widgets.row_pane import RowPane

WORDS_MOST = 3
"""A sentence below a row takes so many lines at most."""


@dataclass(frozen=True, slots=True)
class PairRow:
    """A pair by its place, or a required field that nothing fills (`at` is -1)."""

    at: int
    pair: Pair | None = None
    lacking: XdmField | None = None


class ColumnsPane(RowPane[SourceColumn]):
    """The columns of the source with a sample value, and where each goes or might go."""

    def __init__(self, work: Workbench) -> None:
        super().__init__("COLUMNS", id="columns")
        self.work = work

    def draw(self, row: SourceColumn, width: int, *, here: bool) -> Strip:
        """Name, type, first value, and the field; a proposal stands in brackets."""
        work = self.work
        used = work.by_column.get(row.name, ())
        name = min(max(14, width // 3), 30)
        left: list[Piece] = [
            ("▸" if here else " ", PLAIN),
            ("✓" if used else " ", DIM),
            (f"{fit(row.name, name)} ", PLAIN if used else BOLD),
        ]
        sample = next((cell_text(r.get(row.name)) for r in work.rows if r.get(row.name)), "")
        roomy = width >= 60
        if roomy:
            left += [(f"{fit(row.word, 10)} ", DIM), (f"{fit(sample, width // 5)} ", PLAIN)]
        if used and not roomy:
            left.append((sample, DIM))
        elif used:
            left.append((work.pairs[used[0]].destination, DIM))
            if len(used) > 1:
                left.append((f" and {len(used) - 1} more", DIM))
        elif proposal := work.proposed.get(row.name):
            left += [("→ ", DIM), (f"{proposal.destination}? ", TONES["busy"])]
            left.append((f"{proposal.score} {proposal.reason}", DIM))
        elif not roomy:
            left.append((sample, DIM))
        return line(left, width, _over(here, self.has_focus))


class PairsPane(RowPane[PairRow]):
    """What is still required, then a line for each pair with why it is there."""

    def __init__(self, work: Workbench, fault: Callable[[int], str]) -> None:
        empty = "Nothing yet; n calculates a field, tab leads to columns and fields."
        super().__init__("PAIRS", empty=empty, id="pairs")
        self.work = work
        self._fault = fault

    def draw(self, row: PairRow, width: int, *, here: bool) -> Strip:
        """Source, field, and why, or what is wrong with it."""
        source = min(30, max(12, width * 3 // 10))
        place = min(48, max(14, width - source - 24 if width >= 70 else width - source - 12))
        begun: list[Piece] = [("▸" if here else " ", PLAIN)]
        over = _over(here, self.has_focus)
        if row.pair is None:
            path = row.lacking.path if row.lacking else ""
            warn = TONES["warn"]
            begun += [("▲", warn), (fit("nothing yet", source), warn), (" → ", DIM)]
            return line([*begun, (fit(path, place), PLAIN), (" required", warn)], width, over)
        wrong = self._fault(row.at)
        begun += [
            ("▲", TONES["warn"]) if wrong else (" ", PLAIN),
            (fit(typed(row.pair), source), PLAIN),
            (" → ", DIM),
            (fit(row.pair.destination, place), PLAIN),
            (f" {self._note(row.pair, wrong, brief=width < 70)}", DIM),
        ]
        return line(begun, width, over)

    def below(self, row: PairRow, width: int) -> list[Strip]:
        """What is wrong with the pair at the cursor."""
        wrong = self._fault(row.at) if row.pair is not None else ""
        told = list(
            wrap(f"▲ {wrong.rstrip('.?')}{'?' if wrong.endswith('?') else '.'}", max(20, width - 4))
        )[:WORDS_MOST]
        return [line([("   ", PLAIN), (each, TONES["warn"])], width) for each in told if wrong]

    def _note(self, pair: Pair, wrong: str, *, brief: bool) -> str:
        if pair.namespace:
            return f"{pair.namespace}, {'primary' if pair.primary else 'identity'}"
        if wrong:
            return "see below"
        if (known := self.work.identified.get(pair.destination)) is not None:
            return f"{known[0]}, {'primary' if known[1] else 'identity'} already"
        if pair.way != "attribute":
            return "calculated" if pair.way == "expression" else "always this text"
        why = self.work.reasons.get((pair.source, pair.destination))
        field = self.work.targets.by_path.get(pair.destination)
        if why is not None:
            return f"{why.score:,}" if brief else f"{why.score} {why.reason}"
        return field.type if field else ""


class FieldsPane(RowPane[TreeRow]):
    """The fields of the schema as a tree, with types, required marks and what fills them."""

    def __init__(self, work: Workbench, is_open: Callable[[str], bool]) -> None:
        super().__init__("FIELDS", empty="No field matches.", id="fields")
        self.work = work
        self._is_open = is_open

    def draw(self, row: TreeRow, width: int, *, here: bool) -> Strip:
        """An object with how many fields it has, or a field with its type and its source."""
        indent = "  " * row.depth
        over = _over(here, self.has_focus)
        begun: list[Piece] = [("▸" if here else " ", PLAIN)]
        if row.field is None:
            sign = "−" if self._is_open(row.path) else "+"
            lacks = any(each.path.startswith(f"{row.path}.") for each in self.work.lacking)
            filled = self.work.filled_in.get(row.path, 0)
            count = f"{row.fields:,}, {filled:,} filled" if filled else f"{row.fields:,}"
            begun += [(f"{indent}{sign} {row.label} ", PLAIN), (count, DIM)]
            if lacks:
                begun.append((" ▲ required", TONES["warn"]))
            return line(begun, width, over)
        at = self.work.by_field.get(row.path)
        mark = "✓" if at is not None else " "
        name = max(12, min(width - 16, width * 3 // 5))
        begun.append((f"{indent}{mark} ", DIM))
        begun.append((f"{fit(row.label, max(8, name - len(indent)))} ", PLAIN))
        begun.append((f"{row.field.type} ", DIM))
        if row.field.required:
            begun.append(
                ("required ", TONES["warn"] if at is None and row.field.always_required else DIM)
            )
        if row.note:
            begun.append((row.note, TONES["busy"]))
        elif at is not None:
            begun.append((f"← {typed(self.work.pairs[at])}", DIM))
        return line(begun, width, over)


class SamplePane(Painted):
    """Five sampled rows of whatever is at the cursor, or what it is; the panes above say which."""

    DEFAULT_CSS = "SamplePane { height: 6; }"

    def __init__(self) -> None:
        super().__init__(id="sample")
        self._header: Sequence[str] = ()
        self._rows: Sequence[Sequence[Piece]] = ()
        self._words: Sequence[Piece] = ()

    def show(
        self,
        header: Sequence[str],
        rows: Sequence[Sequence[Piece]],
        words: Sequence[Piece] = (),
    ) -> None:
        """A line for each row, two values each; `words` where there is nothing to show."""
        self._header, self._rows, self._words = header, rows, words
        self.repaint()

    @property
    def text(self) -> str:
        """What it says."""
        return "\n".join(strip.text for strip in self.lines(self.size.width or 80, 6))

    def lines(self, width: int, height: int) -> list[Strip]:
        """The header and the rows, or sentences."""
        made: list[Strip] = []
        if self._header:
            room = max(10, (width - 4) // max(1, len(self._header)) - 2)
            made.append(
                line([("   ", DIM), *((f"{fit(e, room)}  ", DIM) for e in self._header)], width)
            )
            for number, row in enumerate(self._rows, start=1):
                cells = [(f"{fit(text, room)}  ", style) for text, style in row]
                made.append(line([(f" {number} ", DIM), *cells], width))
        for text, style in self._words:
            made += [line([(f" {each}", style)], width) for each in wrap(text, width - 2)]
        return made[:height]


def value_pieces(row: Mapping[str, object], names: Sequence[str]) -> str:
    """The values that a pair reads, named where there are several."""
    if len(names) == 1:
        return cell_text(row.get(names[0]))
    return "  ".join(f"{name}={cut(cell_text(row.get(name)), 20)}" for name in names)


def told_field(field: XdmField) -> list[Piece]:
    """What a value of a field must be, for the sample pane."""
    facts = [field.type]
    if field.format and field.format != field.type:
        facts.append(field.format)
    if field.longest is not None:
        facts.append(f"at most {field.longest:,} characters")
    if field.always_required:
        facts.append("required in every row")
    elif field.required:
        facts.append(f"required where {field.within} is there")
    pieces: list[Piece] = [(f"{field.title or field.path}   {', '.join(facts)}", PLAIN)]
    if field.choices:
        pieces.append((f"One of {', '.join(field.choices)}", DIM))
    if field.description:
        pieces.append((field.description, DIM))
    return pieces


def _over(here: bool, focused: bool) -> Style | None:
    return (CURSOR if focused else CURSOR_AWAY) if here else None
