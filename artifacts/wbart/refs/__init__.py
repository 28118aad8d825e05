"""From what people write to the version that they mean."""
