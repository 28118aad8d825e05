"""What `Artifact` and `Api` have, group by group."""
