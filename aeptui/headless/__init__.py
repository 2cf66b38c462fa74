"""The commands without a screen: data to stdout, everything else to stderr."""
