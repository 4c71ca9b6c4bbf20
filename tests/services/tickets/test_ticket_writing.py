"""Letters with real sessions on the reference panel: written, held back, held against, sent once (TKT-2 … TKT-9)."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import SecretStr

from billtui.client.settings import ConnectionSettings
from billtui.config.credentials import Credential
from billtui.domain.models import TicketState
from billtui.services import planner
from billtui.services.drafts import DraftConflict, DraftKind, DraftLocked, DraftState, PlanOfAnother
from billtui.services.journal import OperationState
from billtui.services.session import Session, SessionSettings
from billtui.services.ticket_review import Known, KnownOrder, PickOrder, SetDepartment
from billtui.services.ticket_review.findings import NO_ORDER, SECRET_IN_TEXT
from billtui.services.ticket_writing import Letter
from tests.services.session.test_session_sandbox import Pocket
from tests.support.correspondence import CLIENT, COLLEAGUE, SUPPORT
from tests.support.listening import until
from tests.support.sandbox import SandboxProcess

S = OperationState


@contextlib.asynccontextmanager
async def signed_in(sandbox: SandboxProcess, login: str, state: Path) -> AsyncIterator[Session]:
    """A session; those with the same ``state`` are two programs on one computer."""
    known = next(one for one in sandbox.accounts if one["login"] == login)
    settings = SessionSettings(
        connection=ConnectionSettings(sandbox.url, retry_base=0.02, tries=2),
        profile="p",
        login=login,
        background=False,
        data_dir=state / "data",
        state_dir=state / "state",
    )
    async with Session(settings, credentials=Pocket(Credential("password", SecretStr(known["password"]), "t"))) as one:
        await one.connect()
        yield one


async def sent(session: Session, letter: Letter, *, state: OperationState = S.DONE) -> str:
    """Plan and send a letter, and wait until it came to this; the job's id."""
    plan = await session.writing.plan(letter)
    assert plan.operations, [str(one.reason) for one in plan.left_out]
    job_id = session.writing.submit(letter, plan)
    await until(lambda: session.journal.operation(job_id, 1).state is state)
    return job_id


async def opened(session: Session, subject: str = "Disk is full") -> str:
    """A new ticket; its id."""
    letter = session.writing.new(department="technical", subject=subject, body="df says 100 %")
    job_id = await sent(session, letter)
    answer = session.journal.operation(job_id, 1).answer
    assert answer is not None
    return str(answer["id"])


async def bodies(session: Session, ticket_id: str) -> list[str]:
    ticket = await session.writing.ticket(ticket_id)
    letter = session.writing.reply(ticket)
    letter.draft = replace(letter.draft, seen=None)
    return [one.body.raw for one in (await session.writing.news(letter)).messages]


async def test_a_poor_ticket_is_made_better_and_sent_and_its_draft_is_gone(
    sandbox_server: SandboxProcess, tmp_path: Path
) -> None:
    """TKT-1, TKT-2, TKT-3; the same for screens and command line."""
    async with signed_in(sandbox_server, CLIENT, tmp_path) as session:
        await session.refresh()
        row = next(one for one in session.store.orders() if one.state == "active")
        letter = session.writing.new(department="finance", subject="Help", body="")
        assert not letter.unsaved or letter.draft.revision == 0
        letter.edit(body=f"The server {row.name} does not boot since 10:00. Password: hunter2-Q9x\nSteps: reboot it.")
        letter.save()
        known = Known(orders=(KnownOrder(row.id, row.name),))
        found = {one.id: one for one in letter.review(known)}
        assert SECRET_IN_TEXT in found and "hunter2" not in found[SECRET_IN_TEXT].reason
        letter.apply(found[SECRET_IN_TEXT].fix)
        assert "hunter2" not in letter.draft.body and letter.unsaved
        letter.apply(SetDepartment("technical"))
        letter.apply(PickOrder(row.id))
        assert NO_ORDER not in {one.id for one in letter.review(known)}
        letter.edit(subject=f"{row.name} does not boot")
        (tmp_path / "boot.log").write_text("kernel panic")
        letter.attach(tmp_path / "boot.log")
        job_id = await sent(session, letter)
        answer = session.journal.operation(job_id, 1).answer
        assert answer is not None and answer["order_id"] == row.id and answer["department"] == "technical"
        assert session.writing.drafts.all() == [] and session.writing.resume(job_id) is None and not letter.reload()


async def test_a_letter_that_is_held_is_taken_back_changed_and_sent(
    sandbox_server: SandboxProcess, tmp_path: Path
) -> None:
    """The undo window: the draft comes back as it was."""
    async with signed_in(sandbox_server, CLIENT, tmp_path) as session:
        ticket_id = await opened(session)
        letter = session.writing.reply(await session.writing.ticket(ticket_id))
        letter.edit(body="Too quick.")
        job_id = session.writing.submit(letter, await session.writing.plan(letter), hold_seconds=600)
        assert letter.standing.state is DraftState.SENDING and letter.standing.code == "held"
        with pytest.raises(DraftLocked):
            letter.edit(body="other words")
            letter.save()
        session.executor.take_back(job_id)
        again = session.writing.resume(job_id)
        assert again is not None and again.draft.body == "Too quick."
        assert (again.standing.state, again.standing.code) == (DraftState.RETURNED, "taken-back")
        again.edit(body="Better.")
        await sent(session, again)
        assert await bodies(session, ticket_id) == ["df says 100 %", "Better."]
        assert session.writing.returned() == []


async def test_nothing_is_sent_on_an_unseen_thread_without_an_explicit_yes(
    sandbox_server: SandboxProcess, tmp_path: Path
) -> None:
    """TKT-9: before planning, between planning and sending, and once more after the yes."""
    async with (
        signed_in(sandbox_server, CLIENT, tmp_path / "client") as client,
        signed_in(sandbox_server, SUPPORT, tmp_path / "support") as support,
        signed_in(sandbox_server, COLLEAGUE, tmp_path / "colleague") as colleague,
    ):
        ticket_id = await opened(client)

        async def write(session: Session, body: str, *, internal: bool = False) -> None:
            letter = session.writing.reply(await session.writing.ticket(ticket_id), internal=internal)
            letter.edit(body=body)
            await sent(session, letter)

        letter = support.writing.reply(await support.writing.ticket(ticket_id))
        letter.edit(body="Freed 40 GB.")
        letter.save()
        await write(colleague, "I look after this one.", internal=True)
        plan = await support.writing.plan(letter)
        assert [one.code for one in plan.left_out] == ["thread-moved-on"] and not plan.operations

        news = await support.writing.news(letter)
        assert [(one.body.raw, one.internal) for one in news.messages] == [("I look after this one.", True)]
        letter.accept(news)
        plan = await support.writing.plan(letter)
        await write(client, "Forget it, I found it.")
        job_id = support.writing.submit(letter, plan)
        await until(lambda: support.journal.operation(job_id, 1).state is S.REFUSED)
        again = support.writing.resume(job_id)
        assert again is not None and again.draft.body == "Freed 40 GB."
        assert (again.standing.code, again.standing.rule) == ("thread-moved-on", "TKT-9")
        assert (await support.writing.plan(again)).operations == (), "a second try is no yes"
        [returned] = support.writing.returned()
        assert returned[1].code == "thread-moved-on"

        news = await support.writing.news(again)
        assert [one.body.raw for one in news.messages] == ["Forget it, I found it."]
        again.accept(news)
        await sent(support, again)
        assert await bodies(client, ticket_id) == ["df says 100 %", "Forget it, I found it.", "Freed 40 GB."]
        assert support.writing.drafts.all() == [] and not await support.writing.news(
            support.writing.reply(await support.writing.ticket(ticket_id))
        )


async def test_a_note_of_ones_own_does_not_hold_the_reply_after_it(
    sandbox_server: SandboxProcess, tmp_path: Path
) -> None:
    """TKT-9: only what stands directly behind what was seen; a colleague's note between the two holds it."""
    async with (
        signed_in(sandbox_server, CLIENT, tmp_path / "client") as client,
        signed_in(sandbox_server, SUPPORT, tmp_path / "support") as support,
        signed_in(sandbox_server, COLLEAGUE, tmp_path / "colleague") as colleague,
    ):
        ticket_id = await opened(client)

        async def note(session: Session, body: str) -> None:
            letter = session.writing.reply(await session.writing.ticket(ticket_id), internal=True)
            letter.edit(body=body)
            plan = await session.writing.plan(letter)
            job_id = session.writing.submit(letter, plan, hold_seconds=600)  # a note goes at once all the same
            await until(lambda: session.journal.operation(job_id, 1).state is S.DONE)

        letter = support.writing.reply(await support.writing.ticket(ticket_id))
        letter.edit(body="Freed 40 GB.")
        letter.save()
        await note(support, "Logs of March.")
        await note(support, "And of April.")
        assert not await support.writing.news(letter) and (await support.writing.plan(letter)).operations
        await note(colleague, "I deleted May.")
        await note(support, "Thanks.")
        assert [one.code for one in (await support.writing.plan(letter)).left_out] == ["thread-moved-on"]
        news = await support.writing.news(letter)
        assert [one.body.raw for one in news.messages] == ["I deleted May.", "Thanks."]
        letter.accept(news)
        await sent(support, letter)
        assert (await bodies(client, ticket_id)) == ["df says 100 %", "Freed 40 GB."]


async def test_a_draft_is_there_after_a_restart_with_what_its_writer_saw(
    sandbox_server: SandboxProcess, tmp_path: Path
) -> None:
    """TKT-9: opening it again counts as having seen nothing new."""
    async with signed_in(sandbox_server, CLIENT, tmp_path / "client") as client:
        ticket_id = await opened(client)
        async with signed_in(sandbox_server, SUPPORT, tmp_path / "support") as support:
            letter = support.writing.reply(await support.writing.ticket(ticket_id))
            letter.edit(body="half a sen")
            letter.save()
        answer = client.writing.reply(await client.writing.ticket(ticket_id))
        answer.edit(body="One more thing.")
        await sent(client, answer)
        async with signed_in(sandbox_server, SUPPORT, tmp_path / "support") as support:
            ticket = await support.writing.ticket(ticket_id)
            letter = support.writing.reply(ticket, quote="> One more thing.")
            assert letter.draft.body == "half a sen\n\n> One more thing.\n\n"
            assert [one.body.raw for one in (await support.writing.news(letter)).messages] == ["One more thing."]
            assert [one.code for one in (await support.writing.plan(letter)).left_out] == ["thread-moved-on"]


async def test_two_programs_of_one_account_do_not_overwrite_each_other(
    sandbox_server: SandboxProcess, tmp_path: Path
) -> None:
    async with (
        signed_in(sandbox_server, CLIENT, tmp_path) as first,
        signed_in(sandbox_server, CLIENT, tmp_path) as second,
    ):
        ticket = await first.writing.ticket(await opened(first))
        mine, theirs = first.writing.reply(ticket), second.writing.reply(ticket)
        mine.edit(body="mine")
        theirs.edit(body="theirs")
        mine.save()
        with pytest.raises(DraftConflict) as conflict:
            theirs.save()
        assert conflict.value.theirs is not None and conflict.value.theirs.body == "mine"
        theirs.save_beside()
        plan = await first.writing.plan(mine)
        with pytest.raises(PlanOfAnother):
            second.writing.submit(theirs, plan)
        first.writing.submit(mine, plan)
        await until(lambda: first.journal.operation(plan.id, 1).state is S.DONE)
        assert [one.body for one in second.writing.drafts.all()] == ["theirs"]


async def test_a_closed_ticket_keeps_its_draft_and_says_so(sandbox_server: SandboxProcess, tmp_path: Path) -> None:
    """TKT-5: the draft survives closing; it is sent once its writer saw that, and reopens the ticket."""
    async with (
        signed_in(sandbox_server, CLIENT, tmp_path / "client") as client,
        signed_in(sandbox_server, SUPPORT, tmp_path / "support") as support,
    ):
        ticket_id = await opened(client)
        letter = client.writing.reply(await client.writing.ticket(ticket_id))
        letter.edit(body="And the swap, too.")
        letter.save()
        answer = support.writing.reply(await support.writing.ticket(ticket_id))
        answer.edit(body="Done.", close=True)
        await sent(support, answer)
        assert [one.code for one in (await client.writing.plan(letter)).left_out] == ["thread-moved-on"]
        news = await client.writing.news(letter)
        assert news.ticket.state == TicketState.CLOSED
        letter.accept(news)
        await sent(client, letter)
        assert (await client.writing.ticket(ticket_id)).state == TicketState.OPEN


async def test_server_access_stands_in_no_draft(sandbox_server: SandboxProcess, tmp_path: Path) -> None:
    """TKT-4: a letter knows that it was typed, and nothing else; not even that is kept."""
    async with signed_in(sandbox_server, CLIENT, tmp_path) as session:
        letter = session.writing.new(department="technical", subject="Disk", body="df")
        letter.access_given = True
        letter.save()
        kept = session.writing.drafts.get(letter.draft.key)
        assert kept is not None and session.writing.open(kept).access_given is False
        [file] = session.writing.drafts.directory.rglob("draft.json")
        assert b"access" not in file.read_bytes()
        assert kept.key.kind is DraftKind.NEW
        letter.discard()
        assert session.writing.drafts.all() == []


async def test_a_draft_goes_with_its_ticket_when_that_is_merged(sandbox_server: SandboxProcess, tmp_path: Path) -> None:
    """TKT-8, TKT-9: what stands in the other thread is shown before the reply is sent there."""
    async with (
        signed_in(sandbox_server, CLIENT, tmp_path / "client") as client,
        signed_in(sandbox_server, SUPPORT, tmp_path / "support") as support,
        signed_in(sandbox_server, COLLEAGUE, tmp_path / "colleague") as colleague,
    ):
        here, there = await opened(client, "Slow"), await opened(client, "Slow as well")
        letter = support.writing.reply(await support.writing.ticket(here))
        letter.edit(body="It was the switch.")
        (tmp_path / "switch.log").write_text("port 4 flaps")
        letter.attach(tmp_path / "switch.log")
        assert colleague.account is not None
        merging = planner.merge(
            colleague.account, [await colleague.writing.ticket(here)], await colleague.writing.ticket(there)
        )
        colleague.submit(merging)
        await until(lambda: colleague.journal.operation(merging.id, 1).state is S.DONE)
        plan = await support.writing.plan(letter)
        assert [one.code for one in plan.left_out] == ["thread-moved-on"]
        assert letter.draft.key.ticket_id == there and letter.draft.followed_from == here
        assert len(letter.draft.attachments) == 1
        news = await support.writing.news(letter)
        assert news.messages and news.ticket.id.raw == there
        letter.accept(news)
        await sent(support, letter)
        assert (await bodies(client, there))[-1] == "It was the switch." and support.writing.drafts.all() == []
