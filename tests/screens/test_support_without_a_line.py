"""Support with a slow panel, and with none: keys have an echo, and a customer's card comes by itself (ACC-7)."""

from __future__ import annotations

import signal

from tests.support.driving import Program


async def test_a_card_that_could_not_be_read_comes_by_itself(program: Program) -> None:
    async with program.open(size=(80, 24), login="sam.desk") as driver:
        await driver.go("9", "QueueScreen")
        await driver.sees("Why it is next", "Disk of")

        # A panel that does not answer at once: the key is not without an echo.
        process = program.sandbox.process
        assert process is not None
        process.send_signal(signal.SIGSTOP)
        await driver.press("P")
        await driver.on("ChoiceDialog")
        await driver.choose("low")
        await driver.sees("Reading the ticket …", "esc cancels")
        process.send_signal(signal.SIGCONT)
        await driver.hears("priority low")

        program.sandbox.kill()
        await driver.press("C")
        await driver.on("CustomerCardScreen")
        await driver.sees("r asks again")
        program.sandbox.start()
        await driver.until(lambda: driver.online, "the line to come back")
        await driver.sees("E-mail")

        program.sandbox.kill()
        driver.said.clear()
        await driver.press("r")
        await driver.until(lambda: bool(driver.said), "why it could not be read anew")
        assert "E-mail" in driver.text(), "what was shown is gone"
