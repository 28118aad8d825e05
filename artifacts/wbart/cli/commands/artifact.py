"""`wbart artifact`: W&B's spelling of put, get, ls and cache cleanup, for scripts that use it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from wbart.cli import exit_codes, words
from wbart.cli.options import Group, call_of
from wbart.cli.output import Output
from wbart.cli.stop import RESUMES, Interrupted, Stop

if TYPE_CHECKING:
    from wbart.artifact import Artifact
    from wbart.cli.listing import Listed


@click.group("artifact", cls=Group)
def command() -> None:
    """W&B's spelling: artifact put, get, ls and cache cleanup."""


@command.command("put")
@click.argument("path")
@click.option("-n", "--name", help="[[ENTITY/]PROJECT/]NAME.")
@click.option("-d", "--description", help="A description of this artifact.")
@click.option("-t", "--type", "type_", default="dataset", help="The type of the artifact.")
@click.option("-a", "--alias", "aliases", multiple=True, default=["latest"], help="An alias.")
@click.option("--id", "run_id", help="The run to log it in.")
@click.option("--resume", is_flag=True, default=None, help="Resume the run of --id.")
@click.option("--skip_cache", is_flag=True, help="Leave the cache out.")
@click.option(
    "--policy", default="mutable", type=click.Choice(["mutable", "immutable"]), help="Copy or not."
)
@click.pass_context
def put(
    ctx: click.Context,
    path: str,
    name: str | None,
    description: str | None,
    type_: str,
    aliases: tuple[str, ...],
    run_id: str | None,
    resume: bool | None,
    skip_cache: bool,
    policy: str,
) -> None:
    """Upload an artifact, in a run with the job type cli_put."""
    from wbart.artifact import Artifact
    from wbart.calls import init
    from wbart.cli.facts import version_facts
    from wbart.cli.session import committed_of, home_of, opened
    from wbart.refs.refpath import Ref

    call = call_of(ctx)
    output = Output(call)
    target = Ref.parse_collection(name or os.path.basename(os.path.abspath(path)))
    try:
        with opened(call, target, create=True) as workspace:
            entity, project, _ = home_of(workspace, target)
            artifact = Artifact(target.name, type_, description)
            where = f'to: "{entity}/{project}/{target.name}" ({type_})'
            output.say(f"{_fill(artifact, path, policy)} {where}")
            with init(
                project=project,
                entity=entity,
                id=run_id,
                resume="allow" if resume else None,
                job_type="cli_put",
                config={"path": path},
            ) as run:
                run.log_artifact(artifact, aliases=list(aliases)).wait()
    except KeyboardInterrupt:
        raise Interrupted(RESUMES) from None
    output.say("Artifact uploaded, use this artifact in a run by adding:")
    output.say(f'    artifact = run.use_artifact("{artifact.qualified_name}")')
    output.one(version_facts(committed_of(artifact)), [], [artifact.qualified_name])


def _fill(artifact: Artifact, path: str, policy: str) -> str:
    """Add what lies at the path; W&B's word for it."""
    if os.path.isdir(path):
        artifact.add_dir(path, policy=policy)
        return f"Uploading directory {path}"
    if os.path.isfile(path):
        artifact.add_file(path, policy=policy)
        return f"Uploading file {path}"
    if "://" in path:
        artifact.add_reference(path)
        return f"Logging reference artifact from {path}"
    raise Stop(exit_codes.NOT_FOUND, "not_found", "Path argument must be a file or directory")


@command.command("get")
@click.argument("path")
@click.option("--root", help="The folder to download to.")
@click.option("--type", "type_", help="The type that the artifact must have.")
@click.pass_context
def get(ctx: click.Context, path: str, root: str | None, type_: str | None) -> None:
    """Download an artifact."""
    from wbart.cli.progress import meter
    from wbart.cli.session import loaded, opened
    from wbart.refs.refpath import Ref

    call = call_of(ctx)
    output = Output(call)
    parsed = Ref.parse(path)
    with opened(call, parsed) as workspace:
        artifact = loaded(workspace, parsed, type=type_)
        output.say(f"Downloading {artifact.type} artifact {artifact.qualified_name}")
        with meter(call) as progress:
            folder = os.path.abspath(artifact.download(root, progress=progress))
    output.say(f"Artifact downloaded to {folder}")
    facts = {"qualified_name": artifact.qualified_name, "path": folder}
    output.one(facts, [], [folder])


@command.command("ls")
@click.argument("path", metavar="[ENTITY/]PROJECT")
@click.option("-t", "--type", "type_", help="The type of artifacts to list.")
@click.pass_context
def ls(ctx: click.Context, path: str, type_: str | None) -> None:
    """List the newest version of every collection of a project."""
    from wbart.cli.listing import Pattern, facts, listed
    from wbart.cli.session import opened

    call = call_of(ctx)
    with opened(call) as workspace:
        pattern = Pattern.parse(f"{path.strip('/')}/", workspace.entity, workspace.project)
        Output(call).many(
            listed(workspace, pattern, type_, trash=False),
            facts=facts,
            human=lambda items: map(_line, items),
            quiet=lambda item: item.qualified_name,
        )


def _line(item: Listed) -> str:
    """W&B's columns."""
    if item.at is None:
        return f"{item.type:<15s}{'(no versions)':<15s}{'':>15s} {item.name:<20s}".rstrip()
    at = item.at
    row = f"{item.type:<15s}{at.updated_at:<15s}{words.size(at.source.size):>15s} "
    return f"{row}{at.place.name:<20s}".rstrip()


@command.group("cache", cls=Group)
def cache() -> None:
    """The local cache."""


@cache.command("cleanup")
@click.argument("size", metavar="SIZE")
@click.option("--remove-temp/--no-remove-temp", default=False, help="They go in any case.")
@click.pass_context
def cleanup(ctx: click.Context, size: str, remove_temp: bool) -> None:
    """Make the cache no bigger than SIZE, such as 10GB; least recently used first."""
    from wbart.cli import caching
    from wbart.cli.session import load_settings

    call = call_of(ctx)
    settings = load_settings(call)
    try:
        most = caching.limit(settings, size)
    except ValueError as error:
        raise click.BadParameter(str(error), ctx, param_hint="SIZE") from error
    freed = caching.prune(settings, most, dry_run=False)
    told = f"Reclaimed {words.size(freed.size)} of space"
    Output(call).one(freed.facts(), [told], [str(freed.size)])
