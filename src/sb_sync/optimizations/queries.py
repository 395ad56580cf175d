"""Queries: how many there were, and some that are made well."""

from __future__ import annotations

import functools
from typing import Any, Callable, Optional, TypeVar, Union

from django.contrib.sites.models import Site
from django.db.models import QuerySet

from sb_sync.models import Organization, SyncLog
from sb_sync.optimizations.measurement import measure

__all__ = ["QueryOptimizer"]

Function = TypeVar("Function", bound=Callable[..., Any])


class QueryOptimizer:
    """Ask the database well, and see how often it is asked."""

    @staticmethod
    def get_optimized_sync_logs(
        user: Any, organization: Optional[Union[Organization, Site, int, str]] = None
    ) -> QuerySet[SyncLog]:
        """Return what one user asked in an organization (named by itself, key or slug), or in any; the newest first.

        User and organization come with each entry, bodies of requests when they are looked at; an index serves filter
        and order. It checks no rights: whoever shows it to somebody asks first whether that person may see it.

        >>> from django.contrib.auth import get_user_model
        >>> nobody = get_user_model()(pk=0)
        >>> QueryOptimizer.get_optimized_sync_logs(nobody, "acme").count()
        0
        """
        found = SyncLog.objects.filter(user=user)
        if isinstance(organization, str):
            found = found.filter(site__organization__slug=organization)
        elif organization is not None:
            found = found.filter(site_id=organization if isinstance(organization, int) else organization.pk)
        return found.select_related("user", "site").defer("request_data").order_by("-timestamp", "-id")

    @staticmethod
    def count_queries(function: Function) -> Function:
        """Let a function tell how many statements its last call sent to all databases, as `query_count`.

        True also where DEBUG is off, as it counts by itself.

        >>> @QueryOptimizer.count_queries
        ... def count_sites():
        ...     return Site.objects.count()
        >>> isinstance(count_sites(), int)
        True
        >>> count_sites.query_count
        1
        """

        @functools.wraps(function)
        def counted(*args: Any, **kwargs: Any) -> Any:
            with measure() as measurement:
                try:
                    return function(*args, **kwargs)
                finally:
                    told.query_count = measurement.queries

        told: Any = counted
        told.query_count = 0
        return told  # type: ignore[no-any-return]  # of the same shape as the function
