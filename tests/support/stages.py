"""The functions that end a stage of what is done to a lake, where they are looked up: module:name."""

from __future__ import annotations

from typing import Final

_INGEST: Final = (
    "pipeline:find_new",
    "pipeline:unpack_archive",
    "pipeline:stage_dump",
    "pipeline:normalize_staged",
    "pipeline:check",
    "pipeline:without_published",
    "pipeline:resolve_batch",
    "warehouse.batch:keep_raw",
    "warehouse.publish:_write",
    "warehouse.opening:flush_new",
    "pipeline:publish_batch",
)

_INDEX: Final = (
    "warehouse.index_making:large_files",
    "warehouse.index_making:_make_keys",
    "warehouse.index_making:_refuse_other_order",
    "warehouse.index_making:write_pages",
)

_UPKEEP: Final = (
    "warehouse.maintain:merge_small_files",
    "warehouse.maintain:_compact",
    "warehouse.maintain:_remove_unnamed_raw",
    "warehouse.maintain:keep_sums",
    "warehouse.maintain:sweep",
    "warehouse.maintain:refresh_index",
)

STAGES: Final = {
    "first ingest": _INGEST,
    "next ingest": _INGEST,
    "decision": ("warehouse.decide:resolve_again", "warehouse.publish:_write", "warehouse.opening:flush_new"),
    "rollback": (
        "warehouse.history:_refuse_other_tables",
        "warehouse.history:_changed_rows",
        "warehouse.opening:flush_new",
    ),
    "maintenance": _UPKEEP,
    "rebuild": (
        "warehouse.rebuild:refuse_lost_raw",
        "warehouse.replay:create_lake",
        "warehouse.replay:publish",
        "warehouse.rebuild:replay",
        "warehouse.rebuild:settle",
        "warehouse.rebuild:_swap",
        "warehouse.rebuild:in_one_transaction",
    ),
    "ingests by index": (*_INDEX, "warehouse.batch:refresh_index"),
    "maintenance by index": (*_INDEX, "warehouse.maintain:refresh_index"),
}
"""By work."""

FLOW_STAGES: Final = (
    "flows.tasks:find_new",
    "flows.tasks:unpack_archive",
    "flows.tasks:stage_dump",
    "flows.tasks:normalize_staged",
    "flows.tasks:split_dumps",
    "flows.tasks:validate_beside",
    "flows.tasks:resolve_batch",
    "flows.tasks:publish_batch",
)
"""Those of an ingest in the flow that `paperlake ingest` runs."""
