"""The filter grammar."""


class FilterError(ValueError):
    """A filter that names a field which the kind does not have; `str()` is a sentence with the nearest."""
