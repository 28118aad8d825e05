"""Media objects: tables, images and the like, in artifacts and runs, in W&B's JSON."""
