"""The rules, one family of commands a file."""
