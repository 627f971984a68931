"""What one reviewer has in hand in this tab: the job, its lease, the choice being made."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import streamlit as st

from app.session import may, winnow
from app.views.figures import aware
from app.views.reports import Standings, key_of, reporters
from app.widgets.layout import says
from app.widgets.messages import sentence
from app.winnow_client import ApiError

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.winnow_client.model import Document, Job

_CONFLICT = 409
_UNDO_FOR = timedelta(seconds=10)
_STATE = "_desk"
POLICY_WIDGETS = ("policies", "more-policies")


@dataclass(frozen=True)
class Done:
    """The decision just made, and until when it can be taken back."""

    decision_id: str
    job_id: str
    sentence: str
    undo_until: datetime


@dataclass
class Desk:
    queue_id: str
    job: Job | None = None
    held: bool = False
    addressed: str = ""
    chosen: list[str] = field(default_factory=list)
    policies: list[str] = field(default_factory=list)
    parameters: dict[str, Document] = field(default_factory=dict)
    revealed: bool = False
    picking_policy: bool = False
    done: Done | None = None
    refusal: str = ""
    held_since: float = 0.0
    stands: Standings | None = None
    struck: float | None = None
    taken: int = 0

    @staticmethod
    def here(queue_id: str) -> Desk:
        """The desk of this tab; a new one when the address names another queue."""
        desk = st.session_state.get(_STATE)
        if not isinstance(desk, Desk) or (queue_id and desk.queue_id != queue_id):
            desk = st.session_state[_STATE] = Desk(queue_id)
        return desk

    def key(self, name: str) -> str:
        """The key of a widget for the job in hand, taken this once.

        Another job has other widgets, so that a press meant for one can never reach the next, not
        even while the browser still shows the one before.
        """
        return f"{name}-{self.taken}-{self.job.job_id if self.job else ''}"

    @property
    def in_colour(self) -> bool:
        return bool(st.session_state.get(self.key("colour"), False))

    def open(self, job_id: str) -> str | None:
        """Makes sure a job lies here: the addressed one, the one in hand, or the queue's next.

        The sentence to show when it cannot be decided here.
        """
        if job_id and job_id != self.addressed:
            self._open_addressed(job_id)
        elif self.job is None and self.queue_id:
            self.take(winnow().claim_next(self.queue_id))
        if self.job is None:
            st.query_params.pop("job", None)
        self.addressed = self.job.job_id if self.job else ""
        return self.refusal or None

    def _open_addressed(self, job_id: str) -> None:
        try:
            self.take(winnow().claim_job(job_id))
        except ApiError as error:
            if error.status != _CONFLICT:
                raise
            self.take(winnow().job(job_id), held=False)
            told = sentence(error.message)
            self.refusal = f"{told} You see it as it is; it cannot be decided here."

    def take(self, job: Job | None, *, held: bool = True) -> None:
        self.job, self.held, self.refusal = job, held and job is not None, ""
        self.chosen, self.revealed, self.picking_policy = [], False, False
        self.taken += 1
        self.stands = self.struck = None
        self.held_since = time.monotonic()
        offered = {policy.id for policy in job.policies} if job else set()
        self.policies = [p for p in (job.policy_ids if job else []) if p in offered]
        if job is not None and not self.queue_id:
            self.queue_id = job.queue_id

    def standings(self) -> Standings:
        """What became of the latest reporters' reports, asked once a job; nothing when refused."""
        if self.stands is None:
            self.stands = {}
            asked = reporters(self.job.reports) if self.job else []
            with suppress(ApiError):
                self.stands.update((key_of(one), winnow().standing(one)) for one in asked)
        return self.stands

    def strikes(self) -> float:
        """Of the author, those that hold, asked once a job; none for those who may not see them."""
        if self.struck is None:
            self.struck = 0.0
            creator = self.job.creator if self.job else None
            if creator is not None and may("VIEW_INVESTIGATION"):
                with suppress(ApiError):
                    self.struck = winnow().strikes(creator.item_type_id, creator.item_id).total
        return self.struck

    def lose(self) -> None:
        """The lease is gone: a colleague may have the job."""
        self.held = False
        self.refusal = "This job went back to the queue because its lease ended."

    # What the keys and buttons do. Each names the job it was drawn for.
    def toggle_veil(self) -> None:
        self.revealed = not self.revealed

    def toggle_picking(self) -> None:
        self.picking_policy = not self.picking_policy

    def choose(self) -> None:
        """Reads what is chosen from the widgets, as the browser last told it."""
        offered = {policy.id for policy in self.job.policies} if self.job else set()
        self.chosen = list(st.session_state.get(self.key("actions"), self.chosen))
        told = [self.key(name) for name in POLICY_WIDGETS]
        if any(key in st.session_state for key in told):
            picked = [one for key in told for one in st.session_state.get(key) or []]
            self.policies = [policy for policy in picked if policy in offered]

    def submit(self, job_id: str) -> None:
        """Decides with the chosen actions."""
        if not self._is_about(job_id):
            return
        self.choose()
        if self.chosen and self.job:
            names = {action.id: action.name for action in self.job.actions}
            self._decide("CUSTOM_ACTION", " + ".join(names[a] for a in self.chosen))
        else:
            says("Choose an action first, or press i to ignore.", done=False)

    def ignore(self, job_id: str) -> None:
        if self._is_about(job_id):
            self.chosen = []
            self._decide("IGNORE", "Ignored")

    def overturn(self, job_id: str) -> None:
        """The appeal is right: what was done is taken back."""
        if self._is_about(job_id):
            self.choose()
            self._decide("ACCEPT_APPEAL", "Overturned")

    def uphold(self, job_id: str) -> None:
        """The appeal is wrong: what was done stands."""
        if self._is_about(job_id):
            self.choose()
            self._decide("REJECT_APPEAL", "Upheld")

    def _decide(self, kind: str, sentence: str) -> None:
        job = self.job
        if job is None or job.lease_token is None:
            return
        token = job.lease_token
        reason = str(st.session_state.get(self.key("reason")) or "")
        try:
            made = winnow().decide(
                job.job_id,
                token,
                kind=kind,
                action_ids=self.chosen,
                policy_ids=self.policies if kind != "IGNORE" else [],
                reason=reason,
                parameters={a: self.parameters[a] for a in self.chosen if a in self.parameters},
            )
            self.done = Done(
                made.decision_id,
                job.job_id,
                f"{sentence} · {job.item.item_id}",
                aware(made.undo_until) if made.undo_until else datetime.now(UTC) + _UNDO_FOR,
            )
            self.take(made.next_job or winnow().claim_next(self.queue_id))
        except ApiError as error:
            self._refused(error)

    def skip(self, job_id: str) -> None:
        self._give_back(job_id, lambda token: winnow().skip(job_id, token))

    def release(self, job_id: str) -> None:
        self._give_back(job_id, lambda token: winnow().release(job_id, token))

    def _give_back(self, job_id: str, give: Callable[[str], None]) -> None:
        if not self._is_about(job_id) or self.job is None or self.job.lease_token is None:
            return
        try:
            give(self.job.lease_token)
            self.done = None
            self.take(winnow().claim_next(self.queue_id))
        except ApiError as error:
            self._refused(error)

    def undo(self) -> None:
        done = self.done
        if done is None:
            return
        self.done = None
        try:
            winnow().undo(done.decision_id)
            if self.job is not None and self.held and self.job.lease_token:
                winnow().release(self.job.job_id, self.job.lease_token)
            self.take(winnow().claim_job(done.job_id))
        except ApiError as error:
            self._refused(error)

    def _refused(self, error: ApiError) -> None:
        self.refusal = " ".join(map(sentence, filter(None, (error.message, error.hint))))
        if error.status == _CONFLICT:
            self.held = False

    def _is_about(self, job_id: str) -> bool:
        return self.job is not None and self.held and self.job.job_id == job_id

    def undo_bar(self) -> None:
        if self.done is not None:
            _undo_bar(self)


@st.fragment(run_every=1)
def _undo_bar(desk: Desk) -> None:
    done = desk.done
    if done is None:
        return
    left = (done.undo_until - datetime.now(UTC)).total_seconds()
    if left <= 0:
        desk.done = None
        st.rerun(scope="app")
    with st.container(horizontal=True, vertical_alignment="center", key="undo-bar"):
        st.html(f'<span class="w-quiet">{_escaped(done.sentence)}</span>')
        label = f"Undo ({int(left) + 1} s)"
        if st.button(label, key="undo", shortcut="u", icon=":material/undo:"):
            desk.undo()
            st.rerun(scope="app")


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")
