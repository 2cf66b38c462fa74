"""Talks to AEP: HTTP, tokens, paging, and the quirks of each service; knows no store and no screen."""
