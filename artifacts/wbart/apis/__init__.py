"""Where W&B's scripts look for what reads a store: `wandb.apis.public`, `wandb.apis.importers`."""
