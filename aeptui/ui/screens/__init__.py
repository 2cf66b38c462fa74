"""What fills the terminal: one class for each question an operator asks."""
