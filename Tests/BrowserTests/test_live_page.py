"""The page while the server sends: against the stand-in, which can be made to send anything."""

import os
import time
import unittest

from page_test_case import FIGURES, PageTestCase, StandIn


@unittest.skipIf(os.environ.get("STREAMGAUGE_ADDRESS"), "a server was given, which cannot be made to break")
class LivePageTests(PageTestCase):
    def setUp(self):
        self.server = StandIn()
        self.addCleanup(lambda: self.server.kill())
        self.address = self.server.address

    def test_rows_follow_the_events(self):
        page = self.open()
        before = page.eval(FIGURES)
        page.wait(f"{FIGURES} !== {before!r}", timeout=10)

    def test_charts_follow_the_points(self):
        page = self.open()
        page.goto(f"{self.address}/queries/{self.query_id(page, 'orders-enrich-eu')}")
        page.wait("document.querySelector('.chart .line')?.getAttribute('d')")
        batch = page.wait("document.querySelector('.batches select option')?.value")
        page.wait(f"document.querySelector('.batches select option').value !== {batch!r}", timeout=10)

    def test_a_failure_reaches_rows_counts_alerts_and_the_query(self):
        page = self.open()
        failed = int(page.eval("document.querySelector('.chip[data-state=failed] .chip-count').textContent"))
        query_id = self.query_id(page, "billing-hourly-eu")
        self.server.act("fail", query_id)
        page.wait(f"document.querySelector('.chip[data-state=failed] .chip-count').textContent === '{failed + 1}'")
        page.wait("document.querySelector('.alert-strip').innerText.includes('billing-hourly-eu')")
        page.goto(f"{self.address}/queries/{query_id}")
        page.wait("document.querySelector('.failure')?.innerText.includes('STATE_STORE_PROVIDER_OUT_OF_MEMORY')")
        self.assertIn("has failed", page.eval("document.querySelector('.transitions').innerText"))

    def test_a_failure_is_shown_on_the_query_while_one_looks(self):
        page = self.open()
        query_id = self.query_id(page, "billing-hourly-eu")
        page.goto(f"{self.address}/queries/{query_id}")
        page.wait("document.querySelector('.title .state-word')?.textContent === 'Processing'")
        self.server.act("fail", query_id)
        page.wait("document.querySelector('.title .state-word').textContent === 'Failed' && document.querySelector('.failure')")
        page.wait("document.querySelector('.alert-strip')?.innerText.includes('QueryFailed')")

    def test_what_is_told_while_the_page_loads_is_not_lost(self):
        page = self.open()
        row = "tr[data-id] .state[data-state=processing]"
        first, second = page.eval(f"[...document.querySelectorAll('{row}')].slice(0, 2).map(mark => mark.closest('tr').dataset.id)")
        self.addCleanup(self.server.act, "delay-alerts-0")
        self.server.act("delay-alerts-3")
        # The answers about queries are there after a second, and older than the failure; those about alerts are on their way.
        page.goto(f"{self.address}/queries/{first}")
        time.sleep(1)
        self.server.act("fail", first)
        page.wait("document.querySelector('.title .state-word')?.textContent === 'Failed' && document.querySelector('.failure')")
        page.wait("document.querySelector('.alert-strip')?.innerText.includes('QueryFailed')")
        page.goto(f"{self.address}/")
        time.sleep(1)
        self.server.act("fail", second)
        page.wait(f"document.querySelector('tr[data-id=\"{second}\"] .state-word')?.textContent === 'Failed'")

    def test_an_alert_goes_from_pending_to_firing_to_resolved_on_its_query(self):
        page = self.open()
        query_id = self.query_id(page, "billing-hourly-eu")
        page.goto(f"{self.address}/queries/{query_id}")
        page.wait("document.querySelector('.title .state-word')?.textContent === 'Processing'")
        for state, word in (("pending", "Pending"), ("firing", "Firing"), ("resolved", "Resolved")):
            self.server.act(f"alert-{state}", query_id)
            page.wait(f"document.querySelector('.alert .alert-state')?.textContent === {word!r}")
        self.server.act("alert-pending", query_id)
        page.wait("document.querySelector('.alert .alert-state')?.textContent === 'Pending'")
        self.server.act("alert-lapsed", query_id)
        page.wait("!document.querySelector('.alert')")

    def test_the_details_of_an_alert_stay_open_and_the_focus_stays_while_it_is_drawn_anew(self):
        page = self.open()
        alerts = "[...document.querySelectorAll('.alert')]"
        page.eval("document.querySelector('.alert summary').focus(); document.querySelector('.alert summary').click()")
        page.eval("window.before = document.querySelector('.alert')")
        page.wait("document.querySelector('.alert') !== before", timeout=10)
        self.assertEqual(page.eval(f"{alerts}.map(alert => alert.querySelector('details').open)")[0], True)
        self.assertTrue(page.eval("document.activeElement === document.querySelector('.alert summary')"))
        self.assertIn('severity="critical"', self.text(page, ".alert .labels"))
        self.assertIn("1.38", self.text(page, ".alert-details dl"))
        self.assertIn("Firing since", self.text(page, ".alert-details dl"))

    def test_a_heartbeat_is_no_alert_to_look_at_and_one_held_back_is_not_counted(self):
        page = self.open()
        page.eval("document.querySelector('.alert-strip > button').click()")
        names = page.eval("[...document.querySelectorAll('.alert-name')].map(name => name.textContent)")
        self.assertNotIn("Watchdog", names)
        self.assertEqual(names[-1], "QueryBatchOverTrigger")
        self.assertIn("held back by another alert", page.eval("[...document.querySelectorAll('.alert')].at(-1).innerText"))
        self.assertTrue(page.eval("document.title").startswith(f"({len(names) - 1}) "))

    def test_a_query_that_is_forgotten_leaves_the_table(self):
        page = self.open()
        query_id = self.query_id(page, "inventory-dedup-eu")
        page.wait(f"document.querySelector('tr[data-id=\"{query_id}\"]')")
        self.server.act("remove", query_id)
        page.wait(f"!document.querySelector('tr[data-id=\"{query_id}\"]')")

    def test_what_was_before_is_asked_for_once(self):
        page = self.open()
        query_id = self.query_id(page, "orders-enrich-eu")
        # A point that no longer fits is one that only a question for its time brings.
        page.wait(f"fetch('/api/v1/queries/{query_id}/history?from=0&to=9999999999999').then(answer => answer.json()).then(found => found.history.time.length > 302)", timeout=20)
        page.goto(f"{self.address}/queries/{query_id}")
        page.wait("document.querySelector('.chart .line') && document.querySelector('.batches pre')")
        first = page.eval("document.querySelector('.readout').innerText.split(' – ')[0]")
        asked = "performance.getEntriesByType('resource').filter(entry => entry.name.includes('?from=')).length"
        page.key("2")
        page.wait(f"{asked} === 1")
        page.key("7")
        page.wait(f"document.querySelector('.readout').innerText.split(' – ')[0] < {first!r}")
        page.key("2")
        before = page.eval("document.querySelector('.readout').innerText")
        page.wait(f"document.querySelector('.readout').innerText !== {before!r}")
        self.assertEqual(page.eval(asked), 1)

    def test_a_long_time_is_told_in_steps_and_what_comes_is_not_mixed_with_them(self):
        page = self.open()
        page.goto(f"{self.address}/queries/{self.query_id(page, 'orders-enrich-eu')}")
        page.wait("document.querySelector('.chart .line') && document.querySelector('.batches pre')")
        hint = "document.querySelector('.board > .hint').innerText.replaceAll('\\u00a0', ' ')"
        page.key("4")
        page.wait(f"{hint}.includes('Each point is the mean over 1 h.')")
        self.assertTrue(page.eval("document.querySelector('.custom-charts > .charts').hidden && document.querySelector('.custom-charts .missing').innerText === 'Custom metrics are kept of the last batches only.'"))
        self.assertEqual(page.eval("document.querySelector('[aria-pressed=true]').innerText"), "Last 7 days")
        asked = "performance.getEntriesByType('resource').filter(entry => entry.name.includes('/history?from=')).length"
        self.assertEqual(page.eval(asked), 1)
        page.key("1")
        page.wait(f"!{hint}.includes('Each point') && !document.querySelector('.custom-charts > .charts').hidden")

    def test_pause_stops_the_drawing_and_says_how_much_waits(self):
        page = self.open()
        page.key("p")
        before = page.eval(FIGURES)
        page.wait("/\\d+\\s+updates? waits?/.test(document.getElementById('banner').innerText)", timeout=10)
        self.assertEqual(page.eval(FIGURES), before)
        page.key("p")
        page.wait(f"document.getElementById('banner').hidden && {FIGURES} !== {before!r}")


if __name__ == "__main__":
    unittest.main()
