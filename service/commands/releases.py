"""What left as a bundle: what became of it, whose signature it bears, and how it is known again."""

from __future__ import annotations

from service.commands.ids import rfc3339
from service.context import RequestContext
from service.manifest import ALGORITHM, fingerprint, public_key
from service.ports import Dataset, Ports, Release
from understudy.errors import Conflict
from understudy.messages import ReleaseList, ReleaseView, SigningKey


def all_of(context: RequestContext, ports: Ports) -> ReleaseList:
    """Every release of the tenant, oldest first."""
    with ports.database.read() as tx:
        return ReleaseList(releases=[view(release) for release in tx.for_tenant(context.tenant).releases.summaries()])


def signing_key(ports: Ports) -> SigningKey:
    """The public half of the key that signs bundles."""
    public = public_key(ports.keys.signing_seed())
    return SigningKey(algorithm=ALGORITHM, public_key=public.hex(), fingerprint=fingerprint(public))


def check_input(dataset: Dataset, *, is_allowed: bool) -> None:
    """A model trained on a model's output forgets what is rare, a little more each time (Shumailov et al. 2024).

    Raises: Conflict (trained-on-release) if the table is one of our own releases and the owner did not say so.
    """
    if dataset.release_of and not is_allowed:
        raise Conflict(
            "This table is a release of this service, not real rows: a model made of it drifts further from life. If "
            "that is meant, ask with allow_synthetic_input.",
            code="trained-on-release",
            facts={"release_of": dataset.release_of, "generation": str(dataset.generation)},
        )


def view(release: Release) -> ReleaseView:
    """A release as the wire shows it."""
    return ReleaseView(
        job_id=release.job_id,
        dataset_id=release.dataset_id,
        population=release.population,
        state=release.state,
        superseded_by=release.superseded_by,
        generation=release.generation,
        made_from=release.made_from,
        n_rows=release.n_rows,
        has_files=release.has_files,
        created_at=rfc3339(release.created_at),
    )
