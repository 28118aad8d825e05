"""Runs that W&B left on a disk, and folders of artifacts with W&B's manifest. W&B is not needed.

`runs_at` finds the runs, and `import_runs` of the room above stores them; `import_folder` makes
a version of a folder.
"""

from wbart.apis.importers.wandb.manifestfolder import import_folder
from wbart.apis.importers.wandb.runs import runs_at
from wbart.apis.importers.wandb.wandbrun import WandbRun

__all__ = ["WandbRun", "import_folder", "runs_at"]
