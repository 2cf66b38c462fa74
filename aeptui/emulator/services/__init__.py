"""One module per emulated service: its routes, and a few lines of meaning over the world."""
