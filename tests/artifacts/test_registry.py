from __future__ import annotations

import pytest
from tests.artifacts.house import House

from wbart.api import Api
from wbart.errors import ArtifactNotFound, CollectionNotFound, NameTaken, ProjectNotFound, TypeClash
from wbart.registry.registry import Registry
from wbart.settings.settings import Settings


@pytest.fixture
def api(house: House) -> Api:
    return Api()


def names(found: object) -> list[str]:
    return [each.name for each in found]  # type: ignore[attr-defined]


def test_a_new_registry_is_what_it_was_made_as(house: House, api: Api) -> None:
    made = api.create_registry("model", "restricted", description="Nets", artifact_types=["model"])

    found = api.registry("model")
    assert (found.id, found.name, found.full_name) == (made.id, "model", "wandb-registry-model")
    assert (found.entity, found.organization) == ("ann", "ann")
    assert (found.description, found.visibility) == ("Nets", "restricted")
    assert not found.allow_all_artifact_types
    assert list(found.artifact_types) == ["model"]
    assert found.created_at == found.updated_at == "2023-11-14T22:13:20.000000Z"
    assert api.registry("wandb-registry-model").id == made.id
    assert Registry.create(api, None, "other").allow_all_artifact_types


def test_a_registry_that_is_not_there_cannot_be_loaded(api: Api) -> None:
    with pytest.raises(ValueError, match="Failed to load registry 'model'"):
        api.registry("model")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("", "must not be ''"),
        ("a/b", "Invalid project/registry name"),
        ("x" * 114, "must be 113 characters or less"),
    ],
)
def test_a_bad_name_is_refused_and_nothing_made(api: Api, name: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        api.create_registry(name)

    assert list(api.registries()) == []


def test_the_longest_name_is_taken(api: Api) -> None:
    assert api.create_registry("x" * 113).name == "x" * 113


def test_a_name_is_one_registrys(api: Api) -> None:
    api.create_registry("model")

    with pytest.raises(NameTaken, match="please use a different name"):
        api.create_registry("model")


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"visibility": "private"}, "Invalid visibility"),
        ({"artifact_types": ["a/b"]}, "Artifact types must not contain any of the"),
        ({"organization": "bob"}, "Organization entity for 'bob' not found."),
    ],
)
def test_bad_settings_are_refused(api: Api, more: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        api.create_registry("model", **more)  # type: ignore[arg-type]

    assert list(api.registries()) == []


def test_what_is_assigned_is_stored_by_save(house: House, api: Api) -> None:
    made = api.create_registry("model")
    house.clock.advance(60)
    made.description, made.visibility = "Nets", "restricted"
    made.allow_all_artifact_types = False
    made.artifact_types.append("model")

    made.save()

    found = api.registry("model")
    assert (found.description, found.visibility) == ("Nets", "restricted")
    assert not found.allow_all_artifact_types
    assert list(found.artifact_types) == ["model"]
    assert (found.created_at, found.updated_at) == (
        "2023-11-14T22:13:20.000000Z",
        "2023-11-14T22:14:20.000000Z",
    )
    assert made.artifact_types.draft == ()


def test_what_is_assigned_and_loaded_over_is_gone(api: Api) -> None:
    made = api.create_registry("model")
    made.description = "Nets"

    assert made.load().description is None


def test_a_bad_visibility_is_refused_at_once(api: Api) -> None:
    made = api.create_registry("model")

    with pytest.raises(ValueError, match="Invalid visibility"):
        made.visibility = "private"  # type: ignore[assignment]

    assert made.visibility == "organization"


def test_types_are_drafted_and_only_drafted_ones_removed(api: Api) -> None:
    types = api.create_registry("model", artifact_types=["model"]).artifact_types
    types.extend(["dataset", "model", "code"])
    assert types.draft == ("dataset", "code")

    types.remove("code")
    types[1] = "table"

    assert list(types) == ["model", "table"]
    with pytest.raises(ValueError, match="Cannot remove artifact type 'model'"):
        types.remove("model")
    with pytest.raises(ValueError, match="Cannot remove artifact type 'model'"):
        del types[0]
    with pytest.raises(ValueError, match="Artifact types must not"):
        types.append("a:b")


def test_types_cannot_be_named_while_all_are_taken(api: Api) -> None:
    made = api.create_registry("model")
    made.artifact_types.append("model")

    with pytest.raises(ValueError, match="Set it to False first"):
        made.save()

    assert api.registry("model").artifact_types == []


def test_only_the_types_of_a_registry_are_linked_into_it(house: House, api: Api) -> None:
    api.create_registry("model", artifact_types=["model"])
    data, model = house.version(), house.version(name="net", type="model")
    before = house.objects("c")

    with pytest.raises(TypeClash, match="does not take artifacts of type 'dataset'"):
        data.link("wandb-registry-model/Data")
    assert house.objects("c") == before

    assert model.link("wandb-registry-model/Net").name == "Net:v0"


def test_a_registry_is_the_organisations_whoever_links(house: House) -> None:
    settings = house.workspace.settings
    other = Api(
        settings=Settings(settings.store, settings.cache_dir, settings.data_dir, entity="bob")
    )
    house.version()

    link = other.artifact("ann/zoo/data:v0").link("wandb-registry-model/My Model")

    assert link.qualified_name == "ann/wandb-registry-model/My Model:v0"
    assert other.artifact("wandb-registry-model/My Model").id == link.id
    assert other.artifact("ann/wandb-registry-model/My Model").id == link.id
    assert other.artifact_collection("dataset", "wandb-registry-model/My Model").entity == "ann"
    with pytest.raises(ValueError, match="Organization entity for 'bob' not found"):
        link.link("bob/wandb-registry-model/Other")


def test_a_registry_comes_to_be_when_something_is_linked_into_it(house: House, api: Api) -> None:
    house.version().link("wandb-registry-model/Net")

    (found,) = api.registries()

    assert (found.name, found.allow_all_artifact_types) == ("model", True)
    assert names(found.collections()) == ["Net"]
    with pytest.raises(NameTaken):
        api.create_registry("model")


def test_a_version_that_a_registry_holds_never_expires(house: House, api: Api) -> None:
    from datetime import timedelta

    artifact = house.version()
    artifact.ttl = timedelta(days=1)
    artifact.save()
    link = artifact.link("wandb-registry-model/Net")
    house.clock.advance(7 * 86_400)

    assert house.load("data:v0").ttl is None
    assert names(api.registry("model").versions()) == ["Net:v0"]

    link.unlink()
    house.clock.advance(7 * 86_400)

    assert house.load("data:v0").ttl is None
    assert names(api.registry("model").versions()) == []


def test_a_renamed_registry_keeps_its_id_and_all_that_is_in_it(house: House, api: Api) -> None:
    artifact = house.version()
    artifact.link("wandb-registry-model/Net", ["prod"])
    found = api.registry("model")
    before = found.id
    found.name = "nets"

    found.save()

    assert (found.id, found.full_name) == (before, "wandb-registry-nets")
    assert api.registry("nets").id == before
    assert house.load("wandb-registry-nets/Net:prod").id == artifact.id
    assert [each.qualified_name for each in house.load("data").linked_artifacts] == [
        "ann/wandb-registry-nets/Net:v0"
    ]
    with pytest.raises(ProjectNotFound):
        api.registry("model")
    with pytest.raises(ArtifactNotFound):
        house.load("wandb-registry-model/Net")
    house.load("wandb-registry-nets/Net").unlink()
    assert house.load("data").linked_artifacts == []


def test_a_name_that_a_rename_left_can_be_another_registrys(house: House, api: Api) -> None:
    first = house.version({"a": "1"})
    first.link("wandb-registry-model/Net")
    renamed = api.registry("model")
    renamed.name = "nets"
    renamed.save()

    second = house.version({"a": "2"})
    second.link("wandb-registry-model/Net")

    assert house.load("wandb-registry-nets/Net").id == first.id
    assert house.load("wandb-registry-model/Net").id == second.id
    assert api.registry("model").id != renamed.id
    assert sorted(house.workspace.catalog.projects("ann")) == [
        "wandb-registry-model",
        "wandb-registry-nets",
        "zoo",
    ]


def test_a_renamed_collection_stays_its_registrys(house: House, api: Api) -> None:
    house.version({"a": "1"}).link("wandb-registry-model/Net")
    collection = api.artifact_collection("dataset", "wandb-registry-model/Net")
    collection.name = "Web"
    collection.save()
    found = api.registry("model")
    found.name = "nets"
    found.save()

    house.version({"a": "2"}).link("wandb-registry-model/Web")

    assert house.load("wandb-registry-nets/Web").source_name == "data:v0"
    assert house.load("wandb-registry-nets/Net").source_name == "data:v0"
    assert house.load("wandb-registry-model/Web").source_name == "data:v1"


def test_a_rename_onto_another_registry_is_refused(api: Api) -> None:
    api.create_registry("model")
    other = api.create_registry("data")
    other.name = "model"

    with pytest.raises(ValueError, match="please use a different name"):
        other.save()

    assert api.registry("data").id == other.id


def test_a_bad_name_is_refused_when_assigned(api: Api) -> None:
    made = api.create_registry("model")

    with pytest.raises(ValueError, match="Invalid project/registry name"):
        made.name = "a/b"

    assert made.name == "model"


def test_a_deleted_registry_is_gone_and_its_sources_stay(house: House, api: Api) -> None:
    artifact = house.version()
    artifact.link("wandb-registry-model/Net")
    found = api.registry("model")

    found.delete()

    assert list(api.registries()) == []
    assert house.load("data").linked_artifacts == []
    with pytest.raises(ArtifactNotFound):
        house.load("wandb-registry-model/Net")
    with pytest.raises(ValueError, match="Failed to load registry"):
        found.load()
    with pytest.raises(ValueError, match="Failed to delete registry"):
        found.delete()
    again = api.create_registry("model")
    assert again.id != found.id
    assert list(again.collections()) == []
    assert artifact.link("wandb-registry-model/Net").version == "v0"


def test_what_was_copied_without_settings_is_a_registry_too(house: House, api: Api) -> None:
    artifact = house.version()
    source = {"entity": "ann", "project": "zoo", "collection": "data", "version": 0}
    house.workspace.catalog.commit(
        "ann",
        "wandb-registry-old",
        "Net",
        {"op": "create", "type": "dataset", "kind": "portfolio"},
        {"op": "link", "id": "0" * 32, "source": {**source, "id": artifact.id}},
    )

    (found,) = api.registries()

    assert (found.name, found.allow_all_artifact_types) == ("old", True)
    before = found.id
    found.description = "kept"
    found.save()
    assert (api.registry("old").id, api.registry("old").description) == (before, "kept")
    house.version({"a": "2"}).link("wandb-registry-old/Net")
    assert api.registry("old").id == before


def test_a_collection_that_is_not_in_the_registry_is_not_found(house: House, api: Api) -> None:
    api.create_registry("model")

    with pytest.raises(CollectionNotFound):
        api.artifact_collection("model", "wandb-registry-model/Net")
