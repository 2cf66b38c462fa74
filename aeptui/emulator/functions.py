"""Data Prep's functions: each one evaluated, and described as the platform's own list does.

A function that is not here is not in that list either, so nobody is promised more than works.
"""

# The modules enter their functions into the catalogue as they are imported.
from aeptui.emulator import functions_dates, functions_maps, functions_text, functions_values
from aeptui.emulator.catalogue import CATALOGUE, Function, Moment

__all__ = [
    "CATALOGUE",
    "Function",
    "Moment",
    "functions_dates",
    "functions_maps",
    "functions_text",
    "functions_values",
]
