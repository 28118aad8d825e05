"""How the journal of a collection is folded into its state: ops, outcomes and rules."""
