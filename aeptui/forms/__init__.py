"""Questions to ask before something is made: fields, checks, and the steps that answers come to."""
