"""The classes that `Api` gives, under the names that W&B's `wandb.apis.public` has for them."""

from wbart.api import Api
from wbart.artifact import Artifact
from wbart.collection import ArtifactCollection
from wbart.collectionversions import Artifacts
from wbart.file import File as ArtifactFile
from wbart.historyscan import HistoryScan
from wbart.jobs import Job
from wbart.people import Member, Team, User
from wbart.project import ArtifactCollections, ArtifactType, ArtifactTypes, Project, Projects
from wbart.publicrun import PublicRun as Run
from wbart.queues import RunQueue
from wbart.registry import Registry
from wbart.registrylisting import Registries
from wbart.reports import BetaReport, Reports
from wbart.runartifactlist import RunArtifacts
from wbart.runfile import RunFile as File
from wbart.runfile import RunFiles as Files
from wbart.runslist import Runs
from wbart.sweeps import Sweep, Sweeps

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
