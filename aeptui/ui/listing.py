"""A listing of the mirror as a table wants it: the first rows, the last ones, those around one."""

from __future__ import annotations

from dataclasses import dataclass

from aeptui.mirror.store import Mirror
from aeptui.mirror.values import END, Anchor, Listing, Window


@dataclass(frozen=True, slots=True)
class MirrorRows:
    """Where a `ResourceTable` reads."""

    mirror: Mirror
    listing: Listing

    def first_now(self, count: int) -> Window | None:
        """The first rows, at once, for a first paint; None where millions are looked through for them.

        Raises FilterError where the listing cannot be meant.
        """
        if self.mirror.search_now(self.listing):
            return None
        return self.mirror.window_now(self.listing, count)

    @property
    def searching(self) -> str:
        """What to say until such rows are found."""
        return f"Looking through {self.mirror.search_now(self.listing):,} {self.listing.kind}."

    async def first(self, count: int) -> Window:
        """The first rows."""
        return await self.mirror.window(self.listing, count)

    async def last(self, count: int) -> Window:
        """The last rows."""
        return await self.mirror.window(self.listing, count, END)

    async def around(self, place: Anchor, before: int, after: int) -> Window:
        """Rows on both sides of a resource, wherever it stands now.

        When it is gone (or filtered out), of the place where it stood.
        """
        below = await self.mirror.window(self.listing, after, Anchor.at(place.id))
        if not below.rows or below.rows[0].id != place.id:
            below = await self.mirror.window(self.listing, after, place)
        if not below.rows:
            return await self.last(before)
        above = await self.mirror.window(self.listing, before, below.anchor(0, "before"))
        return Window(
            rows=above.rows + below.rows,
            keys=above.keys + below.keys,
            before=above.before,
            after=below.after,
            position=above.position if above.rows else below.position,
            total=below.total,
            estimated=below.estimated,
        )
