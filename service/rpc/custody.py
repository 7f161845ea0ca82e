"""What is kept, for how long, and what became of it: the twin of rest.custody."""
# ruff: noqa: N802 - methods are named as in the .proto

from __future__ import annotations

from typing import Any

from service.commands import releases, retention
from service.commands.subjects import erase
from service.rpc.convert import from_proto, to_proto
from service.rpc.generated import understudy_pb2 as pb
from service.rpc.visit import Call
from understudy.messages import RetentionPolicy


class Custody:
    """Retention, releases, erasure, and whose signature it is."""

    def GetRetention(self, _request: pb.GetRetentionRequest, call: Call) -> Any:
        """How long the tenant keeps what."""
        return to_proto(retention.show(call.caller, call.ports))

    def SetRetention(self, request: pb.RetentionPolicy, call: Call) -> Any:
        """Decides it, from now on."""
        return to_proto(retention.decide(call.caller, from_proto(request, RetentionPolicy), call.ports))

    def ListReleases(self, _request: pb.ListReleasesRequest, call: Call) -> Any:
        """Oldest first."""
        return to_proto(releases.all_of(call.caller, call.ports))

    def EraseSubject(self, request: pb.EraseSubjectRequest, call: Call) -> Any:
        """Drops a person's rows from every stored table, and says which releases were made with them."""
        return to_proto(erase(call.caller, request.subject_id, call.ports, population=request.population))

    def GetSigningKey(self, _request: pb.GetSigningKeyRequest, call: Call) -> Any:
        """Needs no key."""
        return to_proto(releases.signing_key(call.ports))
