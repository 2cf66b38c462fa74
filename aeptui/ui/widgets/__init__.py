"""The pieces of the screens, all of them drawn by line."""
