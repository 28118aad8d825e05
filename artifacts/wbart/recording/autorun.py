"""What `Artifact.save` does with a draft: log it in the active run, else in one of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wbart.calls import active, init

if TYPE_CHECKING:
    from wbart.artifact import Artifact


def log_now(artifact: Artifact, project: str | None, settings: object) -> None:
    """Log the draft and wait until it is a version."""
    run = active()
    if run is not None:
        run.log_artifact(artifact).wait()
        return
    home = artifact._facts.home or (None, None)
    entity = home[0] if project is None else None
    auto_project = project or home[1]
    with init(project=auto_project, entity=entity, job_type="auto", settings=settings) as auto:
        auto.log_artifact(artifact).wait()
