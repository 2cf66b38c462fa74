"""aeptui: dataflows into Adobe Experience Platform, watched and made in a terminal."""

__version__ = "0.1.0"
