"""The page when its server breaks, refuses, forgets and comes back."""

import os
import unittest

from page_test_case import EXPECTED_WITHOUT_SERVER, FIGURES, ROWS, PageTestCase, StandIn


@unittest.skipIf(os.environ.get("STREAMGAUGE_ADDRESS"), "a server was given, which cannot be made to break")
class ConnectionTests(PageTestCase):
    def setUp(self):
        self.server = StandIn()
        self.addCleanup(lambda: self.server.kill())
        self.address = self.server.address

    def test_a_killed_server_is_told_and_its_return_as_well(self):
        self.expected_errors = EXPECTED_WITHOUT_SERVER
        page = self.open()
        self.server.kill()
        page.wait("!document.getElementById('banner').hidden && document.getElementById('banner').innerText.includes('connection is lost')", timeout=15)
        self.assertRegex(self.text(page, "#banner"), r"what you see is \d")
        self.assertEqual(page.eval("document.documentElement.dataset.connection"), "lost")
        self.server.start()
        page.wait("document.getElementById('banner').hidden && document.documentElement.dataset.connection === 'live'", timeout=30)
        before = page.eval(FIGURES)
        page.wait(f"{FIGURES} !== {before!r}", timeout=10)

    def test_a_restarted_server_that_forgot_everything_has_the_lists_loaded_anew(self):
        self.expected_errors = EXPECTED_WITHOUT_SERVER
        page = self.open()
        page.wait(f"{ROWS} === 40")
        self.server.kill()
        self.server.queries = 25
        self.server.start()
        page.wait(f"{ROWS} === 25", timeout=30)

    def test_a_short_break_loses_nothing_and_loads_nothing_anew(self):
        page = self.open()
        before = page.eval(FIGURES)
        page.wait(f"{FIGURES} !== {before!r}", timeout=10)
        query_id = self.query_id(page, "billing-hourly-eu")
        loads = "performance.getEntriesByType('resource').filter(entry => entry.name.includes('/api/v1/alerts')).length"
        self.assertEqual(page.eval(loads), 1)
        self.server.act("cut")
        self.server.act("fail", query_id)
        page.wait(f"document.querySelector('tr[data-id=\"{query_id}\"] .state-word').textContent === 'Failed'")
        page.wait("document.querySelector('.alert-strip').innerText.includes('billing-hourly-eu')")
        self.assertEqual(page.eval(loads), 1)

    def test_a_session_that_has_ended_is_told_with_the_way_to_sign_in(self):
        self.expected_errors = ("401",) + EXPECTED_WITHOUT_SERVER
        page = self.open()
        self.addCleanup(self.server.act, "refuse-0")
        self.server.act("refuse-401")
        page.wait("document.getElementById('banner').innerText.includes('asks for the token again') && document.getElementById('banner-button').textContent === 'Sign in'", timeout=15)
        self.server.act("refuse-0")
        page.eval("window.isOldPage = true")
        page.eval("document.getElementById('banner-button').click()")
        # The page is loaded anew: with a token that is the form, here it is the page that goes on.
        page.wait("!window.isOldPage && document.documentElement?.dataset.connection === 'live'", timeout=20)

    def test_a_server_without_room_for_another_live_connection_is_told_and_asked_again(self):
        self.expected_errors = ("429",) + EXPECTED_WITHOUT_SERVER
        page = self.open()
        self.addCleanup(self.server.act, "refuse-0")
        self.server.act("refuse-429")
        page.wait("document.getElementById('banner').innerText.includes('refuses the live connection (256 event streams are open already)')", timeout=15)
        self.server.act("refuse-0")
        page.wait("document.getElementById('banner').hidden && document.documentElement.dataset.connection === 'live'", timeout=30)

    def test_a_refusal_is_forgotten_when_the_server_is_gone(self):
        self.expected_errors = ("429",) + EXPECTED_WITHOUT_SERVER
        page = self.open()
        self.server.act("refuse-429")
        page.wait("document.getElementById('banner').innerText.includes('refuses the live connection')", timeout=15)
        self.server.kill()
        page.wait("document.getElementById('banner').innerText.includes('connection is lost')", timeout=30)
        self.server.start()
        page.wait("document.getElementById('banner').hidden && document.documentElement.dataset.connection === 'live'", timeout=30)

    def test_a_broken_feed_is_told(self):
        # The answer that tells of it is 503, which the browser notes as an error.
        self.expected_errors = ("503",)
        self.server.act("break-feed")
        page = self.open()
        page.wait("document.getElementById('feeds').innerText.includes('Feed simulated is ended: the topic is gone')")


if __name__ == "__main__":
    unittest.main()
