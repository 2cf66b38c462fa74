"""Adobe Experience Platform on loopback: real HTTP, a real CRM behind it, runs that do the work.

The package stands apart from the rest of the program and meets it only over HTTP,
since a fake that shares the client's models shares its mistakes.
"""
