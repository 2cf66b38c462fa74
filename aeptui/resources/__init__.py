"""Each resource type, declared once: its columns, its detail, its actions and its names."""
