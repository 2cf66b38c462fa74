"""The least programs that the console is measured beside, each run as a module."""
