"""Writes: planned, shown, journalled before they are sent, resumed and undone."""
