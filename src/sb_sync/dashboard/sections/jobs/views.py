"""The list of background pushes, one of them, how it is cancelled, and the list as a file."""

from __future__ import annotations

import uuid
from typing import Any, Dict, Iterator, List

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from sb_sync.dashboard.access import StaffPage
from sb_sync.dashboard.addresses import change_query
from sb_sync.dashboard.csv_export import stream_csv
from sb_sync.dashboard.paging import AFTER, BEFORE, paginate, walk
from sb_sync.dashboard.permissions import CANCEL_JOBS, EXPORT, JOBS
from sb_sync.dashboard.sections.jobs.forms import JobFilterForm
from sb_sync.dashboard.sections.jobs.queries import NEWEST_FIRST, find_job, find_jobs
from sb_sync.dashboard.sections.jobs.rows import JobRow, list_outcomes, list_refused
from sb_sync.feed import to_utc
from sb_sync.models import SyncJob
from sb_sync.push import jobs
from sb_sync.refusal import Refused

__all__ = ["CancelPage", "JobPage", "JobsExport", "JobsPage"]

HEADER = (
    gettext_lazy("Id"),
    gettext_lazy("Created"),
    gettext_lazy("User"),
    gettext_lazy("Organization"),
    gettext_lazy("State"),
    gettext_lazy("Records"),
    gettext_lazy("Records done"),
    gettext_lazy("Started"),
    gettext_lazy("Ended"),
    gettext_lazy("Seconds"),
    gettext_lazy("Attempts"),
    gettext_lazy("Code"),
    gettext_lazy("Error"),
    gettext_lazy("Request id"),
)
_KINDS: Dict[str, Any] = {
    "created": gettext_lazy("Created"),
    "updated": gettext_lazy("Updated"),
    "deleted": gettext_lazy("Deleted"),
    "unchanged": gettext_lazy("Unchanged"),
}


class JobsSection(StaffPage):
    """What the pages of background pushes have in common."""

    section = "jobs"
    title = gettext_lazy("Background jobs")
    own_permission = JOBS

    def address_of(self, job: SyncJob) -> str:
        """Return the address of a job, with which the way back leads to this very list."""
        return self.reverse("config_job", job.pk, organization="") + change_query(self.request)

    def find(self, key: uuid.UUID) -> SyncJob:
        """Return a job. Raises `Http404` for one that the user may not see."""
        job = find_job(self.selection, key)
        if job is None:
            raise Http404(_("There is no such job among those that you may see. Jobs are deleted after some time."))
        return job


class JobsPage(JobsSection):
    """The list."""

    template_name = "sb_sync/dashboard/jobs/page.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        """Return a page of it."""
        form = JobFilterForm(request.GET)
        page = paginate(find_jobs(self.selection, form), request.GET, order=NEWEST_FIRST)
        export = self.reverse("config_jobs_export", organization="")
        return self.show(
            status=form.status,
            form=form,
            page=page,
            rows=[JobRow(job, self.address_of(job)) for job in page],
            export=export + change_query(request, **{AFTER: "", BEFORE: ""}) if self.may(EXPORT) and page.rows else "",
        )


class JobsExport(JobsSection):
    """The whole list, as a file."""

    def get(self, request: HttpRequest) -> HttpResponseBase:
        """Return the file, which is made while it is sent."""
        if not self.may(EXPORT):
            raise PermissionDenied(_("You lack the permission to export: {name}.").format(name=EXPORT))
        form = JobFilterForm(request.GET)
        if not form.is_valid():
            raise Refused([_("A filter of this address cannot be read.")])
        rows = walk(find_jobs(self.selection, form), order=NEWEST_FIRST)
        return stream_csv(request, "sync-jobs", HEADER, _list_cells(rows))


class JobPage(JobsSection):
    """One background push: where it stands, and what came of it."""

    title = gettext_lazy("Background job")
    template_name = "sb_sync/dashboard/jobs/job.html"

    def get(self, request: HttpRequest, key: uuid.UUID) -> HttpResponse:
        """Return the page."""
        job = self.find(key)
        answer = job.answer or {}
        kinds, outcomes = list_outcomes(answer)
        names = [_KINDS[kind] for kind in kinds]
        refused = list_refused(answer)
        count = answer.get("error_count", 0) + answer.get("conflict_count", 0)
        told = _("The first {shown} of {count} records.").format(shown=len(refused), count=count)
        return self.show(
            job=job,
            row=JobRow(job, ""),
            answer=answer,
            kinds=names,
            outcomes=[(outcome.label, list(zip(names, outcome.counts))) for outcome in outcomes],
            failures=refused,
            more_failures=told if count > len(refused) else "",
            may_cancel=self.may(CANCEL_JOBS),
            cancel=self.reverse("config_job_cancel", job.pk, organization="") + change_query(request),
            back=self.reverse("config_jobs", organization="") + change_query(request),
        )


class CancelPage(JobsSection):
    """Ask whether a job is to be cancelled, and do it."""

    title = gettext_lazy("Cancel a background job")
    template_name = "sb_sync/dashboard/jobs/cancel.html"
    write_permission = CANCEL_JOBS

    def get(self, request: HttpRequest, key: uuid.UUID) -> HttpResponse:
        """Ask."""
        job = self.find(key)
        return self.show(
            job=job,
            row=JobRow(job, ""),
            may_cancel=self.may(CANCEL_JOBS),
            cancel_permission=CANCEL_JOBS,
            back=self.address_of(job),
        )

    def post(self, request: HttpRequest, key: uuid.UUID) -> HttpResponse:
        """Cancel it, and tell what that means for it."""
        job = self.find(key)
        if JobRow(job, "").is_open:
            jobs.stop(job)
        now = self.find(key)
        if now.state == SyncJob.State.CANCELLED and JobRow(job, "").is_open:
            messages.success(request, _("The job is cancelled."), fail_silently=True)
        elif JobRow(now, "").is_stopping:
            told = _("The job will stop: its worker sees that before the next part of the work.")
            messages.info(request, told, fail_silently=True)
        else:
            told = _("Nothing was cancelled: the job had ended already, as “{state}”.")
            messages.error(request, told.format(state=now.get_state_display()), fail_silently=True)
        return HttpResponseRedirect(self.address_of(job))


def _list_cells(rows: Iterator[SyncJob]) -> Iterator[List[Any]]:
    """Yield the cells of each line of the file."""
    for job in rows:
        yield [
            job.pk,
            to_utc(job.created_at),
            job.user.get_username(),
            job.site.name,
            job.state,
            job.record_count,
            job.done_count,
            None if job.started_at is None else to_utc(job.started_at),
            None if job.finished_at is None else to_utc(job.finished_at),
            round(job.seconds, 6),
            job.attempts,
            job.code,
            job.detail,
            job.request_id,
        ]
