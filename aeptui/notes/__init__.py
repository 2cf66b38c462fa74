"""What people and the monitor noted about a sandbox: events, acknowledgements, snoozes, rules."""
