"""Data Docs of the contract: pages of Great Expectations that can be read without a network.

    LAKE/docs/index.html                           the last runs and their outcomes
    LAKE/docs/expectations/SUITE.html              the rules of a suite
    LAKE/docs/validations/SUITE/RUN/TIME/....html  the outcome of each rule in one run
    LAKE/docs/outcomes/...json                     what the pages are made from

What stands on the pages is rendered by Great Expectations. Its own page frame loads nine scripts
and style sheets from servers on the internet, and the index stays empty without them; here is a
frame that needs nothing but the page. Whoever opens the docs of a lake tells nobody.

This module imports Great Expectations, which costs seconds: import it late.
"""

from __future__ import annotations

import fcntl
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ClassVar, Final

from great_expectations.data_context.types.resource_identifiers import ExpectationSuiteIdentifier
from great_expectations.render.renderer.site_builder import SiteBuilder
from great_expectations.render.view.view import DefaultJinjaPageView
from jinja2 import ChoiceLoader, DictLoader, Environment, PackageLoader

from transforms.errors import LakeError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from great_expectations.core.run_identifier import RunIdentifier
    from great_expectations.data_context.data_context.abstract_data_context import AbstractDataContext
    from great_expectations.data_context.types.resource_identifiers import ValidationResultIdentifier

RUNS_SHOWN: Final = 10
"""Runs that the docs keep, so that they stay small and quick to build; the table `checks` keeps all."""

_STYLE: Final = """
body { font: 15px/1.5 system-ui, sans-serif; max-width: 72rem; margin: 2rem auto; padding: 0 1rem; color: #1d2733; }
a { color: #0b5cad; }
h5 { font-size: 1.3rem; margin: 1.2rem 0 .3rem; }
h6 { font-size: 1rem; margin: 1rem 0 .3rem; }
table { border-collapse: collapse; width: 100%; margin: .5rem 0 1.5rem; }
th, td { text-align: left; vertical-align: top; padding: .35rem .6rem; border-bottom: 1px solid #d8dee5; }
.fas { font-style: normal; font-weight: bold; }
.text-success::before { content: "\\2713"; color: #12792f; }
.text-danger::before { content: "\\2717"; color: #b3261e; }
.popover, .ge-breadcrumbs, .cooltip .top { display: none; }
pre, code { white-space: pre-wrap; overflow-wrap: anywhere; }
@media (prefers-color-scheme: dark) {
  body { background: #14181d; color: #dfe5ec; } a { color: #7db7f0; } th, td { border-color: #37414c; }
}
"""

_PAGE: Final = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="UTF-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{ page_title or "Data Docs" }}</title>
<style>{{ style | safe }}</style>
</head>
<body>
{% for section in sections %}{% set section_loop = loop %}{% include "section.j2" %}{% endfor %}
<p>Made by paperlake with Great Expectations {{ ge_version }}.</p>
</body>
</html>
"""

_TABS: Final = """
{% for tab in content_block["tabs"] %}
<h6>{{ tab["tab_name"] }}</h6>
{{ tab["tab_content"] | render_content_block(content_block_id=content_block_id ~ "-" ~ loop.index) }}
{% endfor %}
"""

_LINK_TABLE: Final = """
{% set columns = content_block["table_columns"] | rejectattr("field", "in", ["batch_identifier", "asset_name"]) | list %}
<table>
<thead><tr>{% for column in columns %}<th>{{ column["title"] }}</th>{% endfor %}</tr></thead>
<tbody>
{% for row in content_block["table_data"] %}
<tr>
{% for column in columns %}
<td>{% if column["field"] in ["run_name", "expectation_suite_name"] -%}
<a href="{{ row["_table_row_link_path"] }}">{{ row.get("_expectation_suite_name_sort") if column["field"] != "run_name" and row.get("_expectation_suite_name_sort") else row[column["field"]] }}</a>
{%- else -%}
{{ row[column["field"]] | render_content_block }} {{ row.get("_validation_success_text", "") if column["field"] == "validation_success" }}
{%- endif %}</td>
{% endfor %}
</tr>
{% endfor %}
</tbody>
</table>
"""

_TEMPLATES: Final = DictLoader(
    {"page.j2": _PAGE, "tabs.j2": _TABS, "bootstrap_table.j2": _LINK_TABLE, "collapse.j2": ""},
)


class OfflinePage(DefaultJinjaPageView):
    """Great Expectations' page view in a frame that loads nothing from anywhere."""

    _shared: ClassVar[Environment | None] = None
    """Compiling the templates takes longer than filling them: once for all pages."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if OfflinePage._shared is None:
            self.env.loader = ChoiceLoader([_TEMPLATES, PackageLoader("great_expectations", "render/view/templates")])
            self.env.globals["style"] = _STYLE
            OfflinePage._shared = self.env
        self.env = OfflinePage._shared


class LakeSite(SiteBuilder):
    """Great Expectations' site without the four megabytes of fonts and pictures for its own frame."""

    def build(self, resource_identifiers: Any = None, build_index: bool = True) -> Any:
        """Build the pages of these resources, then the index."""
        for section in self.site_section_builders.values():
            section.build(resource_identifiers=resource_identifiers)
        return self.site_index_builder.build(build_index=build_index)


def site_config(docs: Path) -> dict[str, Any]:
    """Describe the site in `docs` to a data context."""
    view = {"module_name": __name__, "class_name": OfflinePage.__name__}
    return {
        "module_name": __name__,
        "class_name": LakeSite.__name__,
        "show_how_to_buttons": False,
        "store_backend": {"class_name": "TupleFilesystemStoreBackend", "base_directory": str(docs)},
        "site_index_builder": {"class_name": "DefaultSiteIndexBuilder", "view": view},
        "site_section_builders": {"expectations": {"view": view}, "validations": {"view": view}, "profiling": "None"},
    }


def outcome_store_config(docs: Path) -> dict[str, Any]:
    """Describe to a data context where the outcomes are kept that the pages are made from."""
    return {
        "class_name": "ValidationResultsStore",
        "store_backend": {"class_name": "TupleFilesystemStoreBackend", "base_directory": str(docs / "outcomes")},
    }


@contextmanager
def translated_errors(docs: Path | None) -> Iterator[None]:
    """Raise LakeError where the docs cannot be written."""
    try:
        yield
    except OSError as error:
        raise LakeError(
            f"the Data Docs cannot be written: {error.strerror}",
            where=str(error.filename or docs),
            hint="see whether the folder may be written to and its disk has space",
        ) from error


def build(context: AbstractDataContext, docs: Path, run: RunIdentifier) -> None:
    """Add a run to the docs, and drop the oldest runs past RUNS_SHOWN."""
    with _alone(docs):
        keys = _forget_old_runs(context.validation_results_store)
        latest: list[Any] = [key for key in keys if key.run_id == run]
        suites = [ExpectationSuiteIdentifier(suite.name) for suite in context.suites.all()]
        context.build_data_docs(resource_identifiers=[*latest, *suites])
        _assert_written(docs, run)


@contextmanager
def _alone(docs: Path) -> Iterator[None]:
    """Wait for other runs that write docs: two at once would remove the same old pages."""
    docs.mkdir(parents=True, exist_ok=True)
    with (docs / ".lock").open("w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _forget_old_runs(store: Any) -> list[ValidationResultIdentifier]:
    """Remove the outcomes of old runs from the store and return the keys of the others."""
    keys = sorted(store.list_keys(), key=lambda key: key.run_id.run_time, reverse=True)
    kept = list(dict.fromkeys(key.run_id.to_tuple() for key in keys))[:RUNS_SHOWN]
    for key in keys:
        if key.run_id.to_tuple() not in kept:
            store.remove_key(key)
    return [key for key in keys if key.run_id.to_tuple() in kept]


def _assert_written(docs: Path, run: RunIdentifier) -> None:
    """Stop where Great Expectations could not render: it logs such an error and goes on."""
    name = run.run_name or ""
    if not any((docs / "validations").glob(f"*/{name}/*/*.html")) or name not in (docs / "index.html").read_text(
        "utf-8"
    ):
        raise LakeError(
            "Great Expectations did not render the Data Docs",
            where=str(docs),
            hint="remove the folder: it is made anew by the next run",
        )
