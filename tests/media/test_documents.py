"""Html, Plotly, Bokeh, Molecule and Object3D."""

from __future__ import annotations

import io
import json
import math
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest
from bokeh.plotting import figure
from tests.media.folder import Folder

from wbart.errors import ArgumentInvalid, ArgumentTypeInvalid, UsageError
from wbart.media.bokeh import Bokeh
from wbart.media.box3d import box3d
from wbart.media.html import Html
from wbart.media.image import Image
from wbart.media.molecule import Molecule
from wbart.media.object3d import Object3D
from wbart.media.plotly import Plotly


def test_a_page_is_read_back_as_it_was_kept(artifact: Folder) -> None:
    page = Html("<p>ü</p>")
    read = artifact.read(page.to_json(artifact))
    assert isinstance(read, Html)
    assert read.html == page.html
    assert read.html.endswith("<p>ü</p>")
    assert Html(page.html, inject=False) == page


def test_what_looks_like_a_path_is_text_when_that_is_said(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    path.write_text("<p>in the file</p>")
    assert "in the file" in Html(path).html
    assert Html(str(path), data_is_not_path=True, inject=False).html == str(path)
    assert Html(str(tmp_path / "none.html"), inject=False).html.endswith("none.html")
    assert Html("a\0b", inject=False).html == "a\0b"
    with pytest.raises(ArgumentInvalid, match="a string or an io object"):
        Html(3)


def test_a_figure_is_plotly_s_or_the_dict_of_one(artifact: Folder) -> None:
    wanted = {"data": [{"y": [1.0, 2.5]}], "layout": {}}
    plot = Plotly({"data": [{"y": np.array([1, 2.5])}], "layout": {}})
    assert plot.figure == wanted
    assert Plotly(SimpleNamespace(to_plotly_json=lambda: wanted)) == plot
    read = artifact.read(plot.to_json(artifact))
    assert isinstance(read, Plotly)
    assert read.figure == wanted
    with pytest.raises(ArgumentInvalid, match="must be plotly figures"):
        Plotly([1])


def test_a_figure_of_matplotlib_is_converted_unless_it_has_pictures(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Drawn:
        def __init__(self, *images: int) -> None:
            self.images = images

        def get_axes(self) -> list[SimpleNamespace]:
            return [SimpleNamespace(images=self.images)]

        def savefig(self, buffer: io.BytesIO, format: str) -> None:
            Image(np.zeros((2, 2))).image.save(buffer, format=format)

    Drawn.__module__ = "matplotlib.figure"
    tools = ModuleType("plotly.tools")
    tools.mpl_to_plotly = lambda value: {"data": [1]}  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "plotly.tools", tools)
    plot = Plotly.make_plot_media(Drawn())
    assert isinstance(plot, Plotly)
    assert plot.figure == {"data": [1]}
    pictured = Drawn(1)
    assert isinstance(Plotly.make_plot_media(pictured), Image)
    with pytest.raises(ArgumentInvalid, match="containing images"):
        Plotly(pictured)


def test_a_plot_of_bokeh_s_comes_back(artifact: Folder) -> None:
    plot = figure(title="mine")
    plot.line([1, 2], [3, 4])
    made = Bokeh(plot)
    read = artifact.read(made.to_json(artifact))
    assert isinstance(read, Bokeh)
    assert read == made
    assert read.b_obj.roots[0].title.text == "mine"
    assert made.to_json(artifact)["path"].endswith(".bokeh.json")


def test_odd_plots_are_told(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("{")
    (tmp_path / "b.json").write_text("[1]")
    for name, words in (("a.json", "is not JSON"), ("b.json", "no document"), ("c", "not a file")):
        with pytest.raises(ArgumentInvalid, match=words):
            Bokeh(tmp_path / name)
    with pytest.raises(ArgumentTypeInvalid, match="document/model or path"):
        Bokeh(3)


def test_molecules_are_files_or_text_of_a_known_type(tmp_path: Path, artifact: Folder) -> None:
    (tmp_path / "a.pdb").write_text("ATOM")
    made = Molecule(io.StringIO("ATOM"), file_type="pdb", caption="one")
    with (tmp_path / "a.pdb").open() as file:
        assert Molecule(file) == Molecule(tmp_path / "a.pdb") == made
    read = artifact.read(made.to_json(artifact))
    assert isinstance(read, Molecule)
    assert (read, read._caption) == (made, "one")
    odd: list[tuple[Any, dict[str, Any], str]] = [
        (io.StringIO("x"), {}, "file_type"),
        (io.StringIO("x"), {"file_type": "txt"}, "files of the type: cif, gro"),
        ("a.txt", {}, "files of the type: cif, gro"),
        (3, {}, "file name or a file object"),
    ]
    for data, words, told in odd:
        with pytest.raises(ArgumentInvalid, match=told):
            Molecule(data, **words)


def test_molecules_of_other_forms_need_rdkit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "rdkit", None)
    for call in (Molecule.from_smiles, Molecule.from_rdkit):
        with pytest.raises(UsageError, match="needs rdkit: pip install rdkit"):
            call("O")


def test_rdkit_s_molecules_are_made_in_one_way_only(monkeypatch: pytest.MonkeyPatch) -> None:
    class Mol:
        pass

    seeds: list[int] = []
    chem, every = ModuleType("rdkit.Chem"), ModuleType("rdkit.Chem.AllChem")
    chem.__dict__.update(
        rdchem=SimpleNamespace(Mol=Mol),
        rdmolfiles=SimpleNamespace(MolToPDBBlock=lambda molecule: "BLOCK"),
        AddHs=lambda molecule: molecule,
        MolFromSmiles=lambda text, sanitize: Mol() if text == "O" else None,
        MolFromMolFile=lambda path: None,
    )
    every.__dict__.update(
        EmbedMolecule=lambda molecule, randomSeed: seeds.append(randomSeed),
        MMFFOptimizeMolecule=lambda molecule, maxIters: None,
    )
    monkeypatch.setitem(sys.modules, "rdkit", ModuleType("rdkit"))
    monkeypatch.setitem(sys.modules, "rdkit.Chem", chem)
    monkeypatch.setitem(sys.modules, "rdkit.Chem.AllChem", every)

    assert Path(Molecule.from_smiles("O")._local).read_text() == "BLOCK"
    assert Molecule.from_rdkit(Mol(), convert_to_3d_and_optimize=False)._local.endswith(".pdb")
    assert seeds == [0]
    with pytest.raises(ArgumentInvalid, match="SMILES"):
        Molecule.from_smiles("?")
    with pytest.raises(ArgumentInvalid, match="files of the type: mol, sdf"):
        Molecule.from_rdkit("a.pdb")
    with pytest.raises(ArgumentInvalid, match="no molecule in"):
        Molecule.from_rdkit("a.mol")
    with pytest.raises(ArgumentTypeInvalid, match="Mol object"):
        Molecule.from_rdkit(3)


def test_points_and_scenes_come_back(artifact: Folder) -> None:
    cloud = Object3D(np.array([[0, 1, 2], [3, 4, 5]]), caption="c")
    read = artifact.read(cloud.to_json(artifact))
    assert isinstance(read, Object3D)
    assert (read, read._caption) == (cloud, "c")
    assert json.loads(Path(read._local).read_bytes()) == [[0, 1, 2], [3, 4, 5]]
    scene = Object3D({"type": "lidar/beta", "points": [[1, 2, 3]]})
    assert json.loads(Path(scene._local).read_bytes()) == {
        "type": "lidar/beta",
        "vectors": [],
        "points": [[1, 2, 3]],
        "boxes": [],
    }


def test_artifacts_take_points_only_and_runs_take_all(artifact: Folder, run: Folder) -> None:
    thing = Object3D.from_file(io.StringIO("v 0 0 0"), "obj")
    with pytest.raises(ArgumentInvalid, match="not yet supported with Artifacts"):
        thing.to_json(artifact)
    assert thing.to_json(run)["path"].endswith(".obj")


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (np.zeros((2, 5)), "shape of the numpy array"),
        (np.zeros(3), "shape of the numpy array"),
        ("thing.txt", "is not compatible with Object3D"),
        ("no/such.obj", "Path is not a file"),
        (io.StringIO("x"), "file type keyword"),
        ({"type": "other"}, "only 'lidar/beta'"),
        ({"points": []}, "numpy array, dict or a file object"),
    ],
)
def test_odd_objects_are_told(data: Any, words: str) -> None:
    with pytest.raises(ArgumentInvalid, match=words):
        Object3D(data)


def test_other_odd_objects_are_told() -> None:
    with pytest.raises(ArgumentInvalid, match="files of the type: babylon, glb"):
        Object3D(io.StringIO("x"), file_type="txt")
    with pytest.raises(ArgumentInvalid, match="must be a numpy array"):
        Object3D.from_numpy([[1, 2, 3]])
    with pytest.raises(ArgumentInvalid, match="only 'lidar/beta'"):
        Object3D.from_point_cloud([], [], point_cloud_type="other")


def test_a_box_is_turned_by_its_quaternion() -> None:
    quarter = (math.sqrt(0.5), 0, 0, math.sqrt(0.5))
    box = box3d(center=(1, 1, 1), size=(2, 4, 6), orientation=quarter, color=(0, 1, 0), score=1)
    corners = np.array(box["corners"])
    assert np.allclose(corners.max(axis=0), [3, 2, 4])
    assert np.allclose(corners.min(axis=0), [-1, 0, -2])
    assert np.allclose(corners[0], [3, 0, -2])
    back = (math.sqrt(0.5), 0, 0, -math.sqrt(0.5))
    other = box3d(center=(1, 1, 1), size=(2, 4, 6), orientation=back, color=(0, 1, 0))
    assert np.allclose(np.array(other["corners"])[0], [-1, 2, -2])
    with pytest.raises(ArgumentInvalid, match="zero quaternion"):
        box3d(center=(1, 1, 1), size=(1, 1, 1), orientation=(0, 0, 0, 0), color=(0, 0, 0))
    with pytest.raises(ArgumentInvalid, match="center has 3 numbers, not 2"):
        box3d(center=(1, 1), size=(1, 1, 1), orientation=(1, 0, 0, 0), color=(0, 0, 0))
