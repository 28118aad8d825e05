"""Real tools of others, to compare with: they write what wbart must read, and the other way."""
