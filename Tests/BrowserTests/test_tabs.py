"""Many pages of one browser, and pages that get no live connection: the browser has six connections to a server for all of them."""

import os
import unittest

from page_test_case import EXPECTED_WITHOUT_SERVER, PageTestCase, StandIn

FIGURES = "[...document.querySelectorAll('tbody .c-input .v')].map(cell => cell.textContent).join()"
LISTENS = "performance.getEntriesByType('resource').filter(entry => entry.name.includes('/api/v1/events')).length"
LOADS = "performance.getEntriesByType('resource').filter(entry => entry.name.includes('/api/v1/queries?')).length"


@unittest.skipIf(os.environ.get("STREAMGAUGE_ADDRESS"), "a server was given, which cannot be made to break")
class TabTests(PageTestCase):
    def setUp(self):
        self.server = StandIn()
        self.addCleanup(lambda: self.server.kill())
        self.address = self.server.address

    def test_queries_opened_behind_the_page_that_is_read_are_loaded_and_do_not_listen(self):
        first = self.open()
        others = [self.open(f"/queries/{self.query_id(first, name)}", hidden=True, beside=first) for name in ["orders-enrich-eu"] * 8]
        for other in others:
            other.wait("document.querySelector('.chart .line')")
            self.assertEqual(other.eval(LISTENS), 0)
        before = first.eval(FIGURES)
        first.wait(f"{FIGURES} !== {before!r}", timeout=10)
        # Looked at, it is live.
        others[0].hide(False)
        others[0].wait("document.documentElement.dataset.connection === 'live'")
        batch = others[0].eval("document.querySelector('.batches select option').value")
        others[0].wait(f"document.querySelector('.batches select option').value !== {batch!r}", timeout=10)

    def test_a_page_that_is_looked_at_as_soon_as_it_is_opened_is_live(self):
        page = self.open(hidden=True, ready=None)
        # Before any timer of the page has run.
        page.send("Page.addScriptToEvaluateOnNewDocument", {"source": """addEventListener('DOMContentLoaded', () => {
            Object.defineProperty(document, 'hidden', { configurable: true, get: () => false });
            document.dispatchEvent(new Event('visibilitychange')); });"""})
        page.goto(self.address + "/")
        page.wait("document.querySelector('tbody tr[data-id]') && document.documentElement.dataset.connection === 'live'")

    def test_a_page_that_is_looked_away_from_gives_its_connection_back_and_takes_it_again(self):
        page = self.open()
        page.wait("document.documentElement.dataset.connection === 'live'")
        page.hide()
        page.wait("document.documentElement.dataset.connection === 'connecting'", timeout=20)
        loads = page.eval(LOADS)
        page.hide(False)
        page.wait("document.documentElement.dataset.connection === 'live'")
        page.wait(f"{LOADS} > {loads}", what="what was missed to be loaded")
        before = page.eval(FIGURES)
        page.wait(f"{FIGURES} !== {before!r}", timeout=10)

    def test_a_page_without_room_to_listen_shows_what_there_is(self):
        self.expected_errors = ("429",) + EXPECTED_WITHOUT_SERVER
        self.addCleanup(self.server.act, "refuse-0")
        self.server.act("refuse-429")
        page = self.open()
        page.wait("document.getElementById('banner').innerText.includes('refuses the live connection')", timeout=15)
        before = page.eval(FIGURES)
        page.wait(f"{FIGURES} !== {before!r}", timeout=40, what="another load")
        self.server.act("refuse-0")
        page.wait("document.getElementById('banner').hidden && document.documentElement.dataset.connection === 'live'", timeout=30)

    def test_a_paused_page_keeps_its_batches_and_notices_as_they_are(self):
        page = self.open()
        query_id = self.query_id(page, "orders-enrich-eu")
        page.goto(f"{self.address}/queries/{query_id}")
        page.wait("document.querySelector('.batches pre')")
        page.key("p")
        shown = "document.querySelector('.batches select option').value + document.querySelector('.notice').hidden"
        before = page.eval(shown)
        page.wait("Number((/(\\d+)\\s+updates? waits?/.exec(document.getElementById('banner').innerText) ?? [0, 0])[1]) > 3", timeout=15)
        self.server.act("remove", query_id)
        page.wait("Number((/(\\d+)\\s+updates? waits?/.exec(document.getElementById('banner').innerText) ?? [0, 0])[1]) > 6", timeout=15)
        self.assertEqual(page.eval(shown), before)
        page.key("p")
        page.wait("document.querySelector('.notice').innerText.includes('forgotten this query')")
        self.assertNotEqual(page.eval(shown), before)


if __name__ == "__main__":
    unittest.main()
