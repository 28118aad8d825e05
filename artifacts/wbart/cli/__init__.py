"""The `wbart` command. The only part of wbart that prints, asks or exits."""
