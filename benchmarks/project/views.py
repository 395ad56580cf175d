"""What people write by hand: a ModelViewSet with a filter on `updated_at`, and a view that does nothing."""

from __future__ import annotations

from typing import Any

from django.utils.dateparse import parse_datetime
from rest_framework.authentication import TokenAuthentication
from rest_framework.pagination import PageNumberPagination
from rest_framework.permissions import IsAuthenticated
from rest_framework.response import Response
from rest_framework.serializers import ModelSerializer
from rest_framework.views import APIView
from rest_framework.viewsets import ModelViewSet

from benchmarks.project.plain.models import PlainCustomer
from sb_sync.models import UserOrganization

__all__ = ["CustomerViewSet", "EmptyView"]


class EmptyView(APIView):
    """Log in and answer nothing: the least that a request costs."""

    authentication_classes = [TokenAuthentication]
    permission_classes = [IsAuthenticated]

    def post(self, request: Any) -> Response:
        """Answer with an empty object."""
        return Response({})


class CustomerSerializer(ModelSerializer):
    """All fields; the organization is the user's own."""

    class Meta:
        """What is served."""

        model = PlainCustomer
        fields = "__all__"
        read_only_fields = ["organization"]


class CustomerPages(PageNumberPagination):
    """Pages of the size that the client asks for."""

    page_size = 1000
    page_size_query_param = "page_size"
    max_page_size = 10_000


class CustomerViewSet(ModelViewSet):
    """The customers of the user's organization; `?updated_after=` gives those written since."""

    authentication_classes = [TokenAuthentication]
    permission_classes = [IsAuthenticated]
    serializer_class = CustomerSerializer
    pagination_class = CustomerPages

    def get_queryset(self) -> Any:
        """Narrow to the user's organization, and to what is new where the client asks for that."""
        customers = PlainCustomer.objects.filter(organization_id=self._organization())
        after = self.request.query_params.get("updated_after")
        if after:
            customers = customers.filter(updated_at__gt=parse_datetime(after))
        return customers.order_by("updated_at", "pk")

    def get_serializer(self, *arguments: Any, **options: Any) -> Any:
        """Take lists of new rows too."""
        if isinstance(options.get("data"), list):
            options["many"] = True
        return super().get_serializer(*arguments, **options)

    def perform_create(self, serializer: Any) -> None:
        """Write the rows into the user's organization."""
        serializer.save(organization_id=self._organization())

    def _organization(self) -> int:
        memberships = UserOrganization.objects.filter(user=self.request.user, is_active=True)
        return memberships.values_list("site_id", flat=True).get()
