"""Every command once, each in a fresh process that imports for itself what it needs."""

from __future__ import annotations

from tests.cli.conftest import Shell

STORY = [
    ("init", "store", 0),
    ("put folder -n data -a first", 0),
    ("put folder/a.txt -n data", 0),
    ("ls", 0),
    ("show data", 0),
    ("files data:v0", 0),
    ("cat data#a.txt", 0),
    ("diff data:v0 data:v1", 20),
    ("get data:v0 there", 0),
    ("status there", 0),
    ("verify there", 0),
    ("verify data:v0", 0),
    ("checkout data:v1 there", 0),
    ("whatis folder/a.txt", 0),
    ("alias set data:v0 best", 0),
    ("alias log data", 0),
    ("alias undo data best", 0),
    ("alias rm data first", 0),
    ("tag add data:v0 good", 0),
    ("tag rm data:v0 good", 0),
    ("link data:v0 shelf", 0),
    ("exec data:v0 --out folder:made -- true", 0),
    ("lineage made", 0),
    ("why data:v0", 0),
    ("runs ls", 0),
    ("runs export", 0),
    ("unlink shelf:v0", 0),
    ("ttl data:v0 30d", 0),
    ("rm data:v0 -y", 0),
    ("restore data:v0", 0),
    ("log data", 0),
    ("cache dir", 0),
    ("cache ls", 0),
    ("cache prune 1GB", 0),
    ("cache verify", 0),
    ("doctor", 0),
    ("completion zsh", 0),
    ("login", 0),
    ("artifact put folder -n other", 0),
    ("artifact get other", 0),
    ("artifact ls uncategorized", 0),
    ("artifact cache cleanup 1GB", 0),
]


def test_a_day_with_every_command(wbart: Shell) -> None:
    wbart.write("folder/a.txt", "one")
    wbart.write("folder/b.txt", "two")

    for *line, code in STORY:
        wbart(*" ".join(map(str, line)).split(), code=int(code), fresh=True)
