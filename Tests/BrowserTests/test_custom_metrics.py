"""The charts of the state stores' own counters, and the list in which one chooses them."""

import unittest

from page_test_case import StandInTestCase

# 203 counters, and one of which the server keeps no points.
MANY = "sensor-rollup-apac"
COUNT = "document.querySelector('.custom-charts > .hint')?.innerText.replaceAll('\\u00a0', ' ')"
CHARTED = "[...document.querySelectorAll('.custom-charts .chart:not([hidden]) h3')].map(title => title.textContent)"
FOUND = "[...document.querySelectorAll('.picker-list label:not([hidden])')].map(label => label.textContent)"
FOCUSED = "document.activeElement.value"


class CustomMetricsTests(StandInTestCase):
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

    def choose_by_keys(self, page, text):
        """Opens the list, filters it, goes to the first box that is found and presses the space bar."""
        page.eval("document.querySelector('.picker summary').focus()")
        page.key("Enter")
        page.wait("document.querySelector('.picker').open && document.querySelector('.picker-list label')")
        page.key("Tab")
        page.type(text)
        page.key("Enter")
        page.key(" ")

    def test_of_many_custom_metrics_the_first_twelve_have_charts_and_all_are_offered(self):
        page = self.query_page(MANY)
        self.assertEqual(page.eval(COUNT), "12 of 204 custom metrics are charted.")
        charted = page.eval(CHARTED)
        page.eval("document.querySelector('.picker').open = true")
        page.wait(f"{FOUND}.length === 204")
        self.assertEqual(charted, page.eval(FOUND)[:12])
        self.assertEqual(page.eval("[...document.querySelectorAll('.picker-list input:checked')].map(box => box.value)"), charted)
        self.assertEqual(len(page.eval("[...document.querySelectorAll('.custom-charts .line')].filter(line => line.getAttribute('d'))")), 12)
        page = self.query_page("sessions-window-us")
        self.assertEqual(page.eval(COUNT), "4 of 4 custom metrics are charted.")

    def test_a_custom_metric_is_found_and_chosen_by_keys_alone(self):
        page = self.query_page(MANY)
        self.choose_by_keys(page, "upload lat")
        page.wait(f"{CHARTED}.includes('rocksdbUploadLatency')")
        self.assertEqual(page.eval(FOUND), ["rocksdbUploadLatency"])
        self.assertEqual(page.eval(COUNT), "13 of 204 custom metrics are charted.")
        page.key(" ")
        page.wait(f"{COUNT} === '12 of 204 custom metrics are charted.'")
        # Esc clears the filter, then closes the list, and does not leave the page.
        page.key("Escape")
        self.assertEqual(page.eval(f"{FOUND}.length"), 204)
        page.key("Escape")
        self.assertTrue(page.eval("!document.querySelector('.picker').open && document.activeElement.matches('.picker summary') && location.pathname.startsWith('/queries/')"))

    def test_the_list_is_one_stop_of_the_tab_key_and_arrows_go_through_it(self):
        page = self.query_page(MANY, width=390)
        self.choose_by_keys(page, "")
        names = page.eval(FOUND)
        self.assertEqual(page.eval(FOCUSED), names[0])
        page.key("ArrowDown")
        page.key("ArrowRight")
        self.assertEqual(page.eval(FOCUSED), names[2])
        page.key("End")
        self.assertEqual(page.eval(FOCUSED), names[-1])
        page.key("ArrowDown")
        self.assertEqual(page.eval(FOCUSED), names[-1])
        page.key("Home")
        self.assertEqual(page.eval(FOCUSED), names[0])
        page.key("Tab")
        self.assertFalse(page.eval("document.querySelector('.picker').contains(document.activeElement)"))
        page.resize(1400, 900)
        line = page.eval("getComputedStyle(document.querySelector('.picker-list')).gridTemplateColumns.split(' ').length")
        self.assertGreater(line, 2)
        page.eval("document.querySelector('.picker-list [tabindex=\"0\"]').focus()")
        page.key("ArrowDown")
        self.assertEqual(page.eval(FOCUSED), names[line])

    def test_every_part_of_the_list_has_a_name_for_a_screen_reader(self):
        page = self.query_page(MANY)
        page.eval("document.querySelector('.picker').open = true")
        page.wait("document.querySelector('.picker-list label')")
        page.send("Accessibility.enable")
        nodes = page.send("Accessibility.getFullAXTree")["nodes"]
        named = [(node["role"]["value"], node["name"]["value"]) for node in nodes if not node.get("ignored") and "name" in node]
        for expected in (("DisclosureTriangle", "Choose metrics"), ("searchbox", "Filter the custom metrics"), ("button", "First 12"),
                         ("group", "Custom metrics to chart"), ("checkbox", "rocksdbUploadLatency")):
            self.assertIn(expected, named)
        page.eval("document.querySelector('.picker-list input[value=rocksdbUploadLatency]').click()")
        self.assertEqual(page.eval("document.getElementById('spoken').textContent.replaceAll('\\u00a0', ' ')"), "13 of 204 custom metrics are charted.")

    def test_a_choice_is_remembered_for_its_query_alone(self):
        page = self.query_page(MANY)
        page.eval("document.querySelector('.picker').open = true")
        page.wait("document.querySelector('.picker-list label')")
        none, usual = "[...document.querySelectorAll('.picker button')][1].click()", "[...document.querySelectorAll('.picker button')][2].click()"
        page.eval(none)
        page.wait(f"{CHARTED}.length === 0 && {COUNT} === '0 of 204 custom metrics are charted.'")
        page.eval("document.querySelector('.picker-list input[value=rocksdbUploadLatency]').click()")
        page.wait(f"{COUNT} === '1 of 204 custom metrics is charted.'")
        address = page.eval("location.href")
        self.assertNotIn("rocksdb", address)
        page.goto(address)
        page.wait("document.querySelector('.custom-charts .line')")
        self.assertEqual(page.eval(CHARTED), ["rocksdbUploadLatency"])
        page.goto(f"{self.address}/queries/{self.query_id(page, 'orders-enrich-eu')}")
        page.wait(f"{CHARTED}.length === 4")
        page.goto(address)
        page.wait(f"{CHARTED}.length === 1")
        page.eval("document.querySelector('.picker').open = true")
        page.wait("document.querySelector('.picker-list label')")
        page.eval(usual)
        page.wait(f"{CHARTED}.length === 12")
        self.assertEqual(page.eval("localStorage.getItem('streamgauge-custom-metrics')"), "[]")

    def test_a_choice_holds_for_the_visit_where_the_browser_keeps_nothing(self):
        page = self.browser.page()
        self.addCleanup(self.finish, page)
        page.send("Page.addScriptToEvaluateOnNewDocument", {"source": "Object.defineProperty(window, 'localStorage', { get() { throw new DOMException('no', 'SecurityError'); } });"})
        page.goto(self.address)
        page.wait("document.querySelector('tbody tr[data-id]')")
        row = f"tr[data-id=\"{self.query_id(page, MANY)}\"] a"
        page.eval(f"document.querySelector('{row}').click()")
        page.wait(f"{CHARTED}.length === 12")
        self.choose_by_keys(page, "upload lat")
        page.wait(f"{CHARTED}.length === 13")
        page.eval("document.querySelector('nav a').click()")
        page.wait(f"document.querySelector('{row}')")
        page.eval(f"document.querySelector('{row}').click()")
        page.wait(f"{CHARTED}.length === 13")

    def test_what_the_browser_keeps_may_be_nonsense(self):
        page = self.query_page(MANY)
        for kept in ("{", "7", '[null, [1, 2], ["sensor-rollup-apac", "all"], ["sensor-rollup-apac"]]', '[["sensor-rollup-apac", [7, null, "__proto__"]]]'):
            page.eval(f"localStorage.setItem('streamgauge-custom-metrics', {kept!r})")
            page.goto(page.eval("location.href"))
            page.wait(f"/^(0|12) of 204 /.test({COUNT})")

    def test_two_hundred_charts_are_drawn_where_one_looks(self):
        page = self.query_page(MANY)
        page.eval("document.querySelector('.picker').open = true")
        page.wait("document.querySelector('.picker-list label')")
        took = page.eval("""(() => { const begin = performance.now(); document.querySelector('.picker button').click();
            document.body.getBoundingClientRect(); return performance.now() - begin; })()""")
        # The one of which there are no points is charted with the next batch.
        self.assertRegex(page.eval(COUNT), r"^(204 of 204 custom metrics are charted|203 of 204 custom metrics are charted; 1 more has no points yet)\.$")
        stale = "[...document.querySelectorAll('.custom-charts .chart:not([hidden])')].filter(chart => chart.querySelector('.x').textContent !== document.querySelector('.chart .x').textContent).length"
        self.assertEqual(page.eval(stale), 0)
        page.key("1")
        page.wait(f"{stale} > 100")
        last = "[...document.querySelectorAll('.custom-charts .chart:not([hidden])')].at(-1)"
        page.eval(f"{last}.scrollIntoView({{ block: 'center' }})")
        page.wait(f"{last}.querySelector('.x').textContent === document.querySelector('.chart .x').textContent")
        print(f"\n204 charts of custom metrics: {took:.0f} ms to make and draw them")

    def test_a_custom_metric_without_points_is_charted_from_now_on(self):
        page = self.query_page(MANY)
        self.choose_by_keys(page, "writes")
        page.wait(f"{CHARTED}.includes('writesWithoutPoints')", timeout=20)
        self.assertRegex(page.eval("[...document.querySelectorAll('.custom-charts output')].at(-1).textContent"), r"^\d+$")

    def test_the_list_fits_on_a_phone(self):
        page = self.query_page(MANY, width=390, height=844, mobile=True)
        page.eval("document.querySelector('.picker').open = true")
        page.wait("document.querySelector('.picker-list label')")
        self.assertFits(page, 390)
        self.assertEqual(page.eval("getComputedStyle(document.querySelector('.picker-list')).gridTemplateColumns.split(' ').length"), 1)
        self.assertLessEqual(page.eval("document.querySelector('.picker-list').getBoundingClientRect().height"), 844 / 2)


if __name__ == "__main__":
    unittest.main()
