"""The page while the server sends, breaks, comes back and lies: against the stand-in, which can be made to do all of it."""

import os
import time
import unittest

from page_test_case import EXPECTED_WITHOUT_SERVER, PageTestCase, StandIn

HOSTILE = "<img src=x onerror=\"window.hacked='name'\">"
ROWS = "document.querySelectorAll('tbody tr[data-id]').length"
FIGURES = "[...document.querySelectorAll('tbody .c-input .v')].map(cell => cell.textContent).join()"


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
        self.assertTrue(page.eval(f"document.querySelector('.custom-charts').hidden && {hint}.includes('Custom metrics are kept of the last batches only.')"))
        self.assertEqual(page.eval("document.querySelector('[aria-pressed=true]').innerText"), "Last 7 days")
        asked = "performance.getEntriesByType('resource').filter(entry => entry.name.includes('/history?from=')).length"
        self.assertEqual(page.eval(asked), 1)
        page.key("1")
        page.wait(f"!{hint}.includes('Each point') && !document.querySelector('.custom-charts').hidden")

    def test_pause_stops_the_drawing_and_says_how_much_waits(self):
        page = self.open()
        page.key("p")
        before = page.eval(FIGURES)
        page.wait("/\\d+\\s+updates? waits?/.test(document.getElementById('banner').innerText)", timeout=10)
        self.assertEqual(page.eval(FIGURES), before)
        page.key("p")
        page.wait(f"document.getElementById('banner').hidden && {FIGURES} !== {before!r}")

    def test_hostile_texts_stay_texts(self):
        page = self.open()
        page.wait(f"[...document.querySelectorAll('tbody a')].some(link => link.textContent === {HOSTILE!r})")
        page.goto(f"{self.address}/queries/{self.query_id(page, HOSTILE)}")
        page.wait(f"document.querySelector('h1').textContent === {HOSTILE!r}")
        page.wait(f"document.querySelector('.alert-text')?.textContent === {HOSTILE!r}")
        self.assertEqual(page.eval(f"[...document.querySelectorAll('.alert-details dl > div')].filter(part => part.textContent.includes({HOSTILE!r})).length"), 4)
        page.goto(f"{self.address}/queries/{self.query_id(page, 'sessions-window-us')}")
        page.wait("document.querySelector('.failure pre')?.textContent.includes('<script>')")
        self.assertEqual(page.eval("[typeof window.hacked, document.querySelectorAll('main img, main script').length]"), ["undefined", 0])

    def test_states_filter_and_the_address_keeps_it(self):
        page = self.open("/?state=failed,stalled")
        page.wait(f"{ROWS} === 2")
        page.eval("document.querySelector('.chip[data-state=stalled]').click()")
        page.wait(f"{ROWS} === 1 && location.search === '?state=failed'")

    def test_a_column_sorts_both_ways_with_unknown_last(self):
        page = self.open()
        page.eval("document.querySelector('thead .c-lag button').click()")
        page.wait("document.querySelector('tbody tr').textContent.includes('orders-enrich-eu') && document.querySelector('thead .c-lag').ariaSort === 'descending'")
        page.eval("document.querySelector('thead .c-lag button').click()")
        page.wait("document.querySelector('thead .c-lag').ariaSort === 'ascending'")
        self.assertEqual(page.eval("[...document.querySelectorAll('tr[data-id]')].at(-1).querySelector('.c-lag .v').textContent"), "–")

    def test_unknown_is_a_dash_and_not_a_zero(self):
        page = self.open()
        row = f"[...document.querySelectorAll('tr[data-id]')].find(row => row.dataset.id === {self.query_id(page, 'ads-scores-canary')!r})"
        self.assertEqual(page.eval(f"['input', 'processed', 'batch', 'lag', 'behind', 'watermark'].map(name => {row}.querySelector('.c-' + name + ' .v').textContent)"), ["–"] * 6)


@unittest.skipIf(os.environ.get("STREAMGAUGE_ADDRESS"), "a server was given, whose queries are not known to this test")
class QueryPageTests(PageTestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.server = StandIn(queries=20, interval=5.0)
        cls.addClassCleanup(cls.server.kill)
        cls.address = cls.server.address

    def query_page(self, name, **viewport):
        page = self.open(**viewport)
        page.goto(f"{self.address}/queries/{self.query_id(page, name)}")
        page.wait("document.querySelector('.chart .line') && document.querySelector('.batches pre')")
        return page

    def test_restarts_are_marked_in_every_chart(self):
        page = self.query_page("sessions-window-us")
        marks = page.eval("[...document.querySelectorAll('.chart:not([hidden])')].map(chart => chart.querySelectorAll('.g-marks line').length)")
        self.assertEqual(marks, [3] * 15)

    def test_the_crosshair_is_one_for_all_charts_and_follows_the_keys(self):
        page = self.query_page("sessions-window-us")
        page.eval("document.querySelector('.plot').focus()")
        page.key("End")
        page.key("ArrowLeft")
        crosses = page.eval("[...document.querySelectorAll('.chart:not([hidden]) .g-cross line')].map(line => line.getAttribute('x1'))")
        self.assertEqual(len(crosses), 15)
        self.assertEqual(len(set(crosses)), 1)
        self.assertRegex(self.text(page, ".readout"), r"^Batch 278 · .* · Processing · after restart 3 of 3")
        self.assertIn("Processed", page.eval("document.getElementById('spoken').textContent"))
        page.key("Enter")
        page.wait("document.querySelector('.batches pre').textContent.includes('\"batchId\": 278,')")

    def test_dragging_zooms_all_charts_and_escape_returns(self):
        page = self.query_page("sessions-window-us")
        page.eval("document.querySelector('.plot').scrollIntoView({ block: 'center' })")
        x, y, width = page.eval("(({ x, y, width, height }) => [x, y + height / 2, width])(document.querySelector('.plot').getBoundingClientRect())")
        whole = self.text(page, ".readout")
        page.drag((x + width * 0.4, y), (x + width * 0.6, y))
        page.mouse("Moved", 5, 5)
        page.wait(f"!document.querySelector('.board-tools > button').hidden && document.querySelector('.readout').innerText !== {whole!r}")
        page.key("Escape")
        page.wait("document.querySelector('.board-tools > button').hidden")
        page.key("1")
        page.wait("document.querySelector('.segments [aria-pressed=true]').textContent === 'Last 15 min'")

    def test_lag_has_a_row_for_each_partition(self):
        page = self.query_page("sessions-window-us")
        self.assertEqual(page.eval("document.querySelectorAll('.partitions tbody tr').length"), 8)

    def test_each_partition_has_its_trend_and_the_time_to_catch_up(self):
        page = self.query_page("orders-enrich-eu")
        heads = page.eval("[...document.querySelectorAll('.partitions thead th')].map(head => head.textContent)")
        cells = dict(zip(heads, page.eval("[...document.querySelector('.partitions tbody tr').cells].map(cell => cell.textContent)")))
        self.assertRegex(cells["Time behind"], r"\d")
        self.assertRegex(cells["Trend"], r"^↗ \+.*/s$")
        self.assertEqual(cells["Caught up in"], "never at these rates")
        page = self.query_page("search-features-dev")
        cells = dict(zip(heads, page.eval("[...document.querySelector('.partitions tbody tr').cells].map(cell => cell.textContent)")))
        self.assertEqual([cells["Trend"], cells["Caught up in"]], ["→ steady", "caught up"])

    def test_each_custom_metric_of_the_state_has_a_chart(self):
        page = self.query_page("sessions-window-us")
        charts = dict(page.eval("[...document.querySelectorAll('.custom-charts .chart:not([hidden])')].map(chart => [chart.querySelector('h3').textContent, chart.querySelector('output').textContent])"))
        self.assertEqual(list(charts), ["loadedMapCacheHitCount", "loadedMapCacheMissCount", "rocksdbGetLatency", "stateOnCurrentVersionSizeBytes"])
        self.assertEqual(charts["loadedMapCacheHitCount"], "1,953")
        self.assertEqual(charts["loadedMapCacheMissCount"], "0")
        self.assertRegex(charts["rocksdbGetLatency"].replace("\u00a0", " "), r"^\d+ ms$")
        self.assertRegex(charts["stateOnCurrentVersionSizeBytes"].replace("\u00a0", " "), r"B$")
        self.assertTrue(page.eval("[...document.querySelectorAll('.custom-charts .line')].every(line => line.getAttribute('d'))"))
        page = self.query_page("search-features-dev")
        self.assertTrue(page.eval("document.querySelector('.custom-charts').hidden"))

    def test_the_verdict_comes_with_its_advice(self):
        page = self.query_page("orders-enrich-eu")
        self.assertRegex(self.text(page, ".verdict"), r"Under-provisioned – it does not keep up")
        self.assertIn("add workers or cores", self.text(page, ".verdict ul"))

    def test_two_batches_are_compared_by_structure(self):
        page = self.query_page("sessions-window-us")
        page.eval("(() => { const select = document.querySelectorAll('.batches select')[1]; select.selectedIndex = 2; select.dispatchEvent(new Event('change')); })()")
        page.wait("document.querySelector('.diff')")
        rows = dict(page.eval("[...document.querySelectorAll('.diff tbody tr')].map(row => [row.children[0].textContent, row.children[3].textContent])"))
        self.assertEqual(rows["batchId"], "+1")
        self.assertIn("durationMs.addBatch", rows)
        self.assertNotIn("runId", rows)

    def test_the_json_can_be_copied(self):
        page = self.query_page("sessions-window-us")
        page.eval("[...document.querySelectorAll('.batches button')].at(-1).click()", as_user=True)
        page.wait("[...document.querySelectorAll('.batches button')].at(-1).textContent === 'Copied'")


@unittest.skipIf(os.environ.get("STREAMGAUGE_ADDRESS"), "a server was given, which has as many queries as it has")
class ThousandQueriesTests(PageTestCase):
    def test_a_list_that_comes_in_parts_is_loaded_to_its_end(self):
        # Queries that send nothing, since an event would bring the rows that the list left out.
        server = StandIn(queries=450, interval=600)
        self.addCleanup(server.kill)
        self.address = server.address
        page = self.open()
        page.wait(f"{ROWS} === 450")

    def test_a_thousand_queries_at_a_second_each_are_drawn_and_measured(self):
        server = StandIn(queries=1000, interval=1.0)
        self.addCleanup(server.kill)
        self.address = server.address
        page = self.open()
        page.wait(f"{ROWS} === 1000", timeout=60)
        page.eval("""(() => { window.updates = []; window.long = 0;
            new PerformanceObserver(list => updates.push(...list.getEntries().filter(entry => entry.detail > 0).map(entry => [entry.duration, entry.detail]))).observe({ type: 'measure' });
            new PerformanceObserver(list => { long += list.getEntries().length; }).observe({ type: 'longtask' }); })()""")
        page.wait("updates.length >= 10", timeout=60)
        updates, long = page.eval("[updates, long]")
        times = sorted(duration for duration, _ in updates)
        rows = sum(count for _, count in updates) / len(updates)
        print(f"\n1,000 queries: {len(times)} updates of {rows:.0f} rows, {times[len(times) // 2]:.1f} ms in the middle, {times[-1]:.1f} ms at most; {long} tasks over 50 ms")
        self.assertEqual(page.eval(ROWS), 1000)


if __name__ == "__main__":
    unittest.main()
