"""The classes that `Api` gives, under the names that W&B's `wandb.apis.public` has for them."""

from wbart.api import Api
from wbart.artifact import Artifact
from wbart.folders.file import File as ArtifactFile
from wbart.kept.jobs import Job
from wbart.kept.people import Member, Team, User
from wbart.kept.queues import RunQueue
from wbart.kept.reports import BetaReport, Reports
from wbart.projects.collection import ArtifactCollection
from wbart.projects.project import (
    ArtifactCollections,
    ArtifactType,
    ArtifactTypes,
    Project,
    Projects,
)
from wbart.projects.versions import Artifacts
from wbart.registry.listing import Registries
from wbart.registry.registry import Registry
from wbart.runs.artifacts import RunArtifacts
from wbart.runs.file import RunFile as File
from wbart.runs.file import RunFiles as Files
from wbart.runs.historyscan import HistoryScan
from wbart.runs.listing import Runs
from wbart.runs.publicrun import PublicRun as Run
from wbart.sweeps.sweeps import Sweep, Sweeps

__all__ = [
    "Api",
    "Artifact",
    "ArtifactCollection",
    "ArtifactCollections",
    "ArtifactFile",
    "ArtifactType",
    "ArtifactTypes",
    "Artifacts",
    "BetaReport",
    "File",
    "Files",
    "HistoryScan",
    "Job",
    "Member",
    "Project",
    "Projects",
    "Registries",
    "Registry",
    "Reports",
    "Run",
    "RunArtifacts",
    "RunQueue",
    "Runs",
    "Sweep",
    "Sweeps",
    "Team",
    "User",
]
