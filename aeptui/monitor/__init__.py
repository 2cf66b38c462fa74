"""What it means: states of runs and flows, schedules, usual figures; rules over rows and a clock."""
