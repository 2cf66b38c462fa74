"""What we know of one sandbox, on disk: it is written by the sync loops and read by everything else."""
