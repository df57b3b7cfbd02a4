from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import exceptions, serializers, status
from rest_framework.response import Response
from rest_framework.views import APIView

from leads import merging
from leads.api.idempotency import idempotent
from leads.api.permissions import SourceMay
from leads.api.problems import Conflict
from leads.intake.shapes import Shape
from leads.models import Lead, Merge


class MergeShape(Shape):
    """Which lead is a part of this one from now on."""

    other = serializers.IntegerField(min_value=1, max_value=2**63 - 1)


class MergeOutput(serializers.ModelSerializer):
    class Meta:
        model = Merge
        fields = ("id", "survivor", "other", "merged_at")


class Merges(APIView):
    """POST merges another lead into this one."""

    permission_classes = [SourceMay]
    scope = "leads:merge"

    @extend_schema(request=MergeShape, responses={201: MergeOutput})
    @idempotent
    def post(self, request, pk):
        shape = MergeShape(data=request.data)
        shape.is_valid(raise_exception=True)
        survivor = get_object_or_404(Lead, pk=pk)
        other = Lead.objects.filter(pk=shape.validated_data["other"]).first()
        if other is None:
            raise exceptions.ValidationError({"other": ["There is no such lead."]})
        try:
            done = merging.merge(
                survivor, other, by=None, now=timezone.now(), cause=f"Asked by {request.user}"
            )
        except merging.NotMergeable as error:
            raise Conflict(str(error)) from None
        return Response(MergeOutput(done).data, status=status.HTTP_201_CREATED)
