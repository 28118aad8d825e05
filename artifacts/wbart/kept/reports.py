"""Reports: texts about a project, kept with it and shown as static pages."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from wbart import names
from wbart.errors import ArgumentInvalid, Error, NotFound
from wbart.kept import documents
from wbart.projects.listing import Listing
from wbart.projects.paginator import Paginator
from wbart.recording.value import to_json
from wbart_storage.clock import rfc3339
from wbart_storage.keys import project_documents, quote

if TYPE_CHECKING:
    from wbart.api import Api
    from wbart.kept.documents import Document
    from wbart.kept.people import User
    from wbart.workspace import Workspace

_KIND = "reports"


class BetaReport:
    """A report as it was stored: title, description, and what W&B calls its spec."""

    def __init__(
        self, workspace: Workspace, entity: str, project: str, id: str, document: Document
    ) -> None:
        self._workspace = workspace
        self._document = document
        self.entity = entity
        self.project = project
        self.id = id

    @classmethod
    def create(
        cls,
        api: Api,
        title: str,
        description: str = "",
        spec: Mapping[str, Any] | None = None,
        project: str | None = None,
        entity: str | None = None,
    ) -> BetaReport:
        """Store a report; W&B makes them in a browser. spec has its blocks: `{"blocks": [...]}`."""
        if not isinstance(title, str) or not title.strip():
            raise ArgumentInvalid("a report needs a title")
        home = api._workspace.within(entity and names.entity(entity), project)
        fields = {"title": title, "description": description, "spec": to_json(spec or {})}
        while True:
            id_ = names.random_run_id()
            prefix = _prefix(home.entity, names.project(home.project), id_)
            if documents.create(home, prefix, fields):
                return find(home, home.entity, home.project, id_)

    @property
    def title(self) -> str:
        """Its title."""
        return str(self._document.fields["title"])

    display_name = title

    @property
    def name(self) -> str:
        """Its title and id, as paths spell it: `My-Report--1a2b3c4d`."""
        return f"{re.sub(r'[^0-9A-Za-z_.]+', '-', self.title).strip('-')}--{self.id}"

    @property
    def description(self) -> str:
        """What it is about."""
        return str(self._document.fields.get("description", ""))

    @property
    def spec(self) -> dict[str, Any]:
        """Its blocks, as they were given."""
        return dict(self._document.fields.get("spec", {}))

    @property
    def sections(self) -> list[Any]:
        """The blocks of its spec."""
        return list(self.spec.get("panelGroups", self.spec.get("blocks", [])))

    @property
    def user(self) -> User | None:
        """Who made it, if the identity file knows."""
        from wbart.kept import people

        return people.load(self._workspace).user(self._document.actor)

    @property
    def created_at(self) -> str:
        """RFC 3339, UTC."""
        return rfc3339(self._document.created_at)

    @property
    def updated_at(self) -> str:
        """RFC 3339, UTC."""
        return rfc3339(self._document.updated_at)

    @property
    def url(self) -> str:
        """Where a browser would show it; empty, since there is no server."""
        return ""

    def delete(self) -> None:
        """Delete it."""
        documents.edit(
            self._workspace, self._document, {"deleted": self._workspace.store.clock.now()}
        )

    def to_html(self, height: int = 1024, hidden: bool = False) -> str:
        """The report itself as HTML that needs nothing else. A hidden one is folded."""
        blocks = "".join(_block(each) for each in self.sections)
        body = f"<p>{html.escape(self.description)}</p>{blocks}"
        title = html.escape(self.title)
        inner = f"<summary>{title}</summary>{body}"
        opened = "" if hidden else " open"
        return (
            f"<details{opened} style='max-height:{int(height)}px;overflow:auto'>{inner}</details>"
        )

    def __repr__(self) -> str:
        return f"<BetaReport {self.entity}/{self.project}/{self.name}>"


class Reports(Paginator[BetaReport]):
    """The reports of a project, oldest first; those of one title only where it is given."""

    def __init__(
        self,
        workspace: Workspace,
        entity: str,
        project: str,
        name: str | None = None,
        per_page: int | None = None,
    ) -> None:
        self._label = f"{entity}/{project}"

        def load() -> list[BetaReport]:
            kind = project_documents(entity, project, _KIND)
            ids = documents.children(workspace.store.objects, kind)
            found = (_at(workspace, entity, project, id_) for id_ in ids)
            return [each for each in found if each and name in (None, each.title, each.name)]

        def key(report: BetaReport) -> tuple[str, str]:
            return report.created_at, report.id

        super().__init__(Listing(load, key, lambda report: report), per_page)

    def __repr__(self) -> str:
        return f"<Reports {self._label}>"


def find(workspace: Workspace, entity: str, project: str, id_: str) -> BetaReport:
    """The report of that id. Raises NotFound."""
    found = _at(workspace, entity, project, id_)
    if found is None:
        raise NotFound(f"Could not find report {id_!r} in '{entity}/{project}'")
    return found


def find_named(workspace: Workspace, entity: str, project: str, name: str) -> BetaReport:
    """The report that the end of a path names: `My-Report--<id>`, or its id.

    One dash before the id is enough where there is such a report. Raises Error otherwise.
    """
    text = unquote(name)
    if "--" not in text and "-" in text:
        found = _at(workspace, entity, project, text.rpartition("-")[2])
        if found is None:
            raise Error("Invalid report path, should be team/project/reports/Name--XXXX")
        return found
    return find(workspace, entity, project, text.rpartition("--")[2])


def _at(workspace: Workspace, entity: str, project: str, id_: str) -> BetaReport | None:
    document = documents.read(workspace.store.objects, _prefix(entity, project, id_))
    if document is None or document.deleted:
        return None
    return BetaReport(workspace, entity, project, id_, document)


def _prefix(entity: str, project: str, id_: str) -> str:
    return f"{project_documents(entity, project, _KIND)}{quote(id_)}/"


def _block(block: object) -> str:
    """A text as a paragraph; whatever else is shown as it is stored."""
    text = block.get("text") if isinstance(block, Mapping) else block
    if isinstance(text, str):
        return f"<p>{html.escape(text)}</p>"
    return f"<pre>{html.escape(json.dumps(block, indent=2))}</pre>"
