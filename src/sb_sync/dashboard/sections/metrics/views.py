"""The page of the metrics, and its figures as CSV."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Dict, Iterator, List, Optional, Sequence

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from sb_sync import catalog
from sb_sync.dashboard.access import StaffPage
from sb_sync.dashboard.csv_export import stream_csv
from sb_sync.dashboard.permissions import EXPORT, SETTINGS
from sb_sync.dashboard.sections.metrics.charts import describe_steps
from sb_sync.dashboard.sections.metrics.figures import MEASURES, ORDERS, write_share
from sb_sync.dashboard.sections.metrics.forms import MetricsFilter
from sb_sync.dashboard.sections.metrics.report import Report, make_report
from sb_sync.dashboard.sections.metrics.times import PRESETS
from sb_sync.refusal import Refused

__all__ = ["MetricsExport", "MetricsPage"]

#: What there is as a file.
TABLES = ("steps", "operations")
#: Operations on models that are listed before somebody asks for all.
LISTED = 20


class MetricsPage(StaffPage):
    """How fast everything is, over time."""

    section = "metrics"
    title = gettext_lazy("Metrics")
    template_name = "sb_sync/dashboard/metrics/page.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        """Return the page."""
        form = MetricsFilter(request.GET)
        report = make_report(form.select(self.selection), form.value("order", "requests")) if form.is_valid() else None
        return self.show(
            status=form.status,
            form=form,
            presets=[(name, title) for name, (title, _length) in PRESETS.items()],
            models=sorted(catalog.synced_models()),
            report=report,
            may_export=self.may(EXPORT),
            may_change_settings=self.may(SETTINGS),
            csv=self._make_csv_addresses(),
            **({} if report is None else _describe(report, form)),
        )

    def _make_csv_addresses(self) -> Dict[str, str]:
        """Return where the figures are as files, with the same filters."""
        query = self.request.GET.urlencode()
        addresses = {table: self.reverse("config_metrics_csv", table, organization="") for table in TABLES}
        return {table: f"{address}?{query}" if query else address for table, address in addresses.items()}


class MetricsExport(StaffPage):
    """What the page shows, as a file: each step, or each operation on each model."""

    section = "metrics"
    own_permission = EXPORT

    def get(self, request: HttpRequest, table: str) -> HttpResponseBase:
        """Return the file."""
        form = MetricsFilter(request.GET)
        if not form.is_valid():
            raise Refused([str(text) for texts in form.errors.values() for text in texts])
        report = make_report(form.select(self.selection), form.value("order", "requests"))
        rows = _rows_of_steps(report) if table == "steps" else _rows_of_kinds(report)
        header = ["start", "end", "operation"] if table == "steps" else ["operation", "model"]
        return stream_csv(request, f"metrics-{table}", [*header, *MEASURES], rows)


def _describe(report: Report, form: MetricsFilter) -> Dict[str, Any]:
    """Return what the template shows of a report besides."""
    shown = report.kinds if form.value("show") else report.kinds[:LISTED]
    return {
        "kinds": shown,
        "kinds_left": len(report.kinds) - len(shown),
        "order": form.value("order", "requests"),
        "chart_data": {
            "steps": describe_steps(report.steps),
            "charts": {chart.name: chart.data for chart in report.charts},
            "texts": {"nothing": _("no measurement")},
        },
        "columns": [MEASURES[name] for name in ORDERS],
        "sample_share": write_share(report.sample_rate),
        "last_week": _week_until(report),
    }


def _week_until(report: Report) -> Optional[Dict[str, str]]:
    """Return the filter that shows the week that ends with the last measurement."""
    if report.last_measured is None:
        return None
    end = report.last_measured + timedelta(hours=1)
    return {"since": (end - timedelta(days=7)).isoformat(), "until": end.isoformat()}


def _rows_of_steps(report: Report) -> Iterator[Sequence[Any]]:
    for step in report.steps:
        for operation, found in step.by_operation.items():
            yield [
                step.period.start,
                step.period.end,
                operation,
                *(measure.take(found) for measure in MEASURES.values()),
            ]


def _rows_of_kinds(report: Report) -> Iterator[List[Any]]:
    for kind in report.kinds:
        yield [kind.operation, kind.model, *(tile.value for tile in kind.tiles.values())]
