"""The version of wbart itself, and how it names itself in what it writes."""

VERSION = "0.1.0"
TOOL = f"wbart {VERSION}"
