"""Another name of `wbart.calls`.

Importing this module binds `wbart.run` to it, where scripts written for W&B look for the active
run; so what `import wbart` leads to imports `wbart.calls`.
"""

from __future__ import annotations

from wbart.calls import (
    Run,
    active,
    active_config,
    active_run,
    active_summary,
    finish,
    finish_artifact,
    init,
    link_artifact,
    link_model,
    log,
    log_artifact,
    log_model,
    upsert_artifact,
    use_artifact,
    use_model,
)

__all__ = [
    "Run",
    "active",
    "active_config",
    "active_run",
    "active_summary",
    "finish",
    "finish_artifact",
    "init",
    "link_artifact",
    "link_model",
    "log",
    "log_artifact",
    "log_model",
    "upsert_artifact",
    "use_artifact",
    "use_model",
]
