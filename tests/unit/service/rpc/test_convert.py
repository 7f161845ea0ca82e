"""Messages cross the wire whole, and a bad one is refused without its values."""

from __future__ import annotations

import pytest

from service.rpc.convert import clean, from_proto, member_of, refuse_unknown, to_proto
from service.rpc.generated import understudy_pb2 as pb
from understudy.errors import UsageError
from understudy.messages import (
    BudgetGrant,
    DatasetCreate,
    JobCreate,
    JobList,
    JobState,
    JobView,
    Message,
    PlaceView,
    Problem,
    SchemaProposal,
    StepView,
    TableFormat,
)

PROBLEM = Problem(
    type="urn:x", title="t", status=422, code="c", detail="d", where=[PlaceView(line=3)], facts={"left": "0.5"}
)
JOB = JobView(
    id="job_1",
    dataset_id="ds_1",
    population="ward",
    state=JobState.FAILED,
    stage="failed",
    percent=40,
    epsilon=1.0,
    delta=1e-6,
    engine="marginal",
    steps=[StepView(name="fit", seconds=1.5), StepView(name="sample", seconds=0.25)],
    error=PROBLEM,
    created_at="2026-01-01T00:00:00Z",
)


@pytest.mark.parametrize(
    "message",
    [
        JOB,
        JobList(jobs=[JOB, JOB.model_copy(update={"error": None, "steps": []})]),
        JobCreate(dataset_id="ds", epsilon=0.5, n_rows=7, resume=True),
        JobCreate(dataset_id="ds", epsilon=0.5),
        DatasetCreate(table_schema={"fields": [{"name": "ü", "missing": [None, 1.5, True]}]}, format="parquet"),
        SchemaProposal(table_schema={}, guesses=[], data_derived=False),
    ],
    ids=lambda message: type(message).__name__,
)
def test_a_message_comes_back_as_it_went(message: Message) -> None:
    proto = to_proto(message)
    received = type(proto).FromString(proto.SerializeToString())
    assert from_proto(received, type(message)) == message


def test_what_is_left_out_takes_the_default_of_the_message() -> None:
    assert from_proto(pb.JobCreate(dataset_id="ds", epsilon=1.0), JobCreate) == JobCreate(dataset_id="ds", epsilon=1.0)


def test_an_unspecified_enum_member_counts_as_left_out() -> None:
    proto = pb.DatasetCreate(table_schema="{}", format=pb.TABLE_FORMAT_UNSPECIFIED)
    assert from_proto(proto, DatasetCreate).format is TableFormat.CSV


def test_zero_is_a_value_and_not_a_default() -> None:
    assert from_proto(pb.JobCreate(dataset_id="ds", epsilon=0.0, delta=0.0), JobCreate).delta == 0.0


def test_what_is_required_and_left_out_is_refused_with_pointers() -> None:
    with pytest.raises(UsageError) as caught:
        from_proto(pb.BudgetGrant(), BudgetGrant)
    assert caught.value.reason == "request-invalid"
    assert caught.value.facts == {"/epsilon": "missing", "/delta": "missing"}
    assert [place.pointer for place in caught.value.where] == ["/epsilon", "/delta"]


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000, '{"secret": '], ids=["empty", "open", "deep", "cut"])
def test_text_that_is_no_json_is_refused_without_a_word_of_it(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        from_proto(pb.DatasetCreate(table_schema=text), DatasetCreate)
    assert caught.value.facts == {"/table_schema": "json_invalid"}
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


def test_json_that_is_no_object_is_refused() -> None:
    with pytest.raises(UsageError) as caught:
        from_proto(pb.DatasetCreate(table_schema='["secret"]'), DatasetCreate)
    assert caught.value.facts == {"/table_schema": "dict_type"}


def test_a_member_that_an_enum_does_not_have_is_refused() -> None:
    proto = pb.DatasetCreate.FromString(b"\x0a\x02{}\x10\x63")  # table_schema "{}", format 99
    with pytest.raises(UsageError) as caught:
        from_proto(proto, DatasetCreate)
    assert caught.value.facts == {"/format": "enum"}
    with pytest.raises(UsageError):
        member_of(TableFormat, 99, default=TableFormat.CSV)


def test_a_field_that_is_not_known_is_refused_at_any_depth() -> None:
    extra = b"\x98\x06\x01"  # field 99, a varint
    grant = pb.BudgetGrant.FromString(pb.BudgetGrant(epsilon=1.0, delta=0.0).SerializeToString() + extra)
    for proto in (grant, pb.GrantBudgetRequest(population="ward", grant=grant)):
        with pytest.raises(UsageError) as caught:
            refuse_unknown(proto)
        assert caught.value.reason == "request-invalid"
    refuse_unknown(to_proto(JOB))


def test_a_field_that_the_proto_lacks_is_an_error_and_not_dropped() -> None:
    class StepView(Message):
        name: str
        seconds: float
        forgotten: str

    with pytest.raises(ValueError, match="forgotten"):
        to_proto(StepView(name="fit", seconds=1.0, forgotten="x"))


def test_half_of_a_surrogate_pair_becomes_an_escape() -> None:
    assert clean("a\ud800b") == r"a\ud800b"
    assert to_proto(PlaceView(column="a\ud800b")).column == r"a\ud800b"
