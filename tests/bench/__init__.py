"""Benches: figures as ratios to a floor measured in the same run. Each is a command."""
