"""The process of a command keeps what it freed, and seldom looks for cycles."""

from __future__ import annotations

import ctypes
import gc
import subprocess
import sys

import pytest

from wbart.cli import memory
from wbart.cli.main import main

CODE = """
import gc, resource
from wbart.cli import memory
memory.settle()
assert gc.get_threshold()[0] == 1_000_000
def faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt
bytearray(16 << 20)
before = faults()
for _ in range(50):
    bytes(bytearray(16 << 20))
print(faults() - before)
"""


COMMAND = """
import gc, sys
from wbart.cli.main import main
sys.argv = ["wbart", "--version"]
assert main() == 0
assert gc.get_threshold()[0] == 1_000_000
"""


@pytest.mark.skipif(sys.platform != "linux", reason="of glibc alone")
def test_the_pages_of_one_buffer_serve_the_next() -> None:
    told = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True)
    assert int(told.stdout) < 2 * 4096 + 1000  # anew each time they would be 400,000


def test_a_library_without_the_call_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ctypes, "CDLL", lambda name: object())
    memory._keep_freed()


def test_a_command_settles_its_own_process() -> None:
    subprocess.run([sys.executable, "-c", COMMAND], check=True)


def test_a_program_that_calls_the_command_still_looks_for_cycles() -> None:
    before = gc.get_threshold()
    assert main(["--version"]) == 0
    assert gc.get_threshold() == before
