"""Molecule: where its atoms are."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any, ClassVar, Self

from wbart.errors import ArgumentInvalid, ArgumentTypeInvalid
from wbart.media.library import library
from wbart.media.mediafile import Media
from wbart.media.value import Source

_RDKIT = "wbart.Molecule of anything but files"


class Molecule(Media):
    """A molecule of a file, or of an io object and its `file_type`. ValueError for other types."""

    SUPPORTED_TYPES: ClassVar[frozenset[str]] = frozenset(
        ("pdb", "pqr", "mmcif", "mcif", "cif", "sdf", "sd", "gro", "mol2", "mmtf")
    )
    SUPPORTED_RDKIT_TYPES: ClassVar[frozenset[str]] = frozenset(("mol", "sdf"))
    _log_type = "molecule-file"
    _folder = "media/molecule"

    def __init__(
        self, data_or_path: Any, caption: str | None = None, file_type: str | None = None
    ) -> None:
        super().__init__(caption)
        if not isinstance(data_or_path, str | os.PathLike) and hasattr(data_or_path, "name"):
            data_or_path = data_or_path.name
        if hasattr(data_or_path, "read"):
            if file_type is None:
                raise ArgumentInvalid("Must pass file_type keyword argument when using io objects.")
            data = text_of(data_or_path)
            self._make(data, f".{_checked(file_type)}")
        elif isinstance(data_or_path, str | os.PathLike):
            _checked(os.path.splitext(data_or_path)[1][1:])
            self._take(data_or_path)
        else:
            raise ArgumentInvalid("Data must be file name or a file object")

    @classmethod
    def _read(cls, local: Path, json_obj: dict[str, Any], source: Source) -> Self:
        return cls(local, caption=json_obj.get("caption"))

    @classmethod
    def from_smiles(
        cls,
        data: str,
        caption: str | None = None,
        sanitize: bool = True,
        convert_to_3d_and_optimize: bool = True,
        mmff_optimize_molecule_max_iterations: int = 200,
    ) -> Self:
        """A molecule of its SMILES, by RDKit. ValueError for what is none."""
        chem = library("rdkit.Chem", "rdkit", _RDKIT)
        molecule = chem.MolFromSmiles(data, sanitize=sanitize)
        if molecule is None:
            raise ArgumentInvalid("Unable to parse the SMILES string.")
        optimize, most = convert_to_3d_and_optimize, mmff_optimize_molecule_max_iterations
        return cls.from_rdkit(molecule, caption, optimize, most)

    @classmethod
    def from_rdkit(
        cls,
        data_or_path: Any,
        caption: str | None = None,
        convert_to_3d_and_optimize: bool = True,
        mmff_optimize_molecule_max_iterations: int = 200,
    ) -> Self:
        """A molecule of RDKit's, or of a `.mol` or `.sdf` file that RDKit reads."""
        chem = library("rdkit.Chem", "rdkit", _RDKIT)
        molecule = _of_rdkit(chem, data_or_path)
        if convert_to_3d_and_optimize:
            every = library("rdkit.Chem.AllChem", "rdkit", _RDKIT)
            molecule = chem.AddHs(molecule)
            # RDKit begins at random otherwise, and no two runs would have the same file.
            every.EmbedMolecule(molecule, randomSeed=0)
            most = mmff_optimize_molecule_max_iterations
            every.MMFFOptimizeMolecule(molecule, maxIters=most)
        block = chem.rdmolfiles.MolToPDBBlock(molecule)
        return cls(io.StringIO(block), caption=caption, file_type="pdb")


def text_of(file: Any) -> bytes:
    """All that a file object holds, from its start."""
    if hasattr(file, "seek"):
        file.seek(0)
    found = file.read()
    return found if isinstance(found, bytes) else str(found).encode()


def _checked(kind: str) -> str:
    if kind not in Molecule.SUPPORTED_TYPES:
        known = ", ".join(sorted(Molecule.SUPPORTED_TYPES))
        raise ArgumentInvalid(f"Molecule only supports files of the type: {known}")
    return kind


def _of_rdkit(chem: Any, data: Any) -> Any:
    if isinstance(data, chem.rdchem.Mol):
        return data
    if not isinstance(data, str | os.PathLike):
        raise ArgumentTypeInvalid("Data must be file name or an rdkit.Chem.rdchem.Mol object")
    path = os.fspath(data)
    kind = os.path.splitext(path)[1][1:]
    if kind not in Molecule.SUPPORTED_RDKIT_TYPES:
        known = ", ".join(sorted(Molecule.SUPPORTED_RDKIT_TYPES))
        raise ArgumentInvalid(f"Molecule.from_rdkit only supports files of the type: {known}")
    if kind == "mol":
        found = chem.MolFromMolFile(path)
    else:
        with chem.SDMolSupplier(path) as supplier:
            found = next(supplier)
    if found is None:
        raise ArgumentInvalid(f"RDKit reads no molecule in {path!r}")
    return found
