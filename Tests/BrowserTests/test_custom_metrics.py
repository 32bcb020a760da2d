"""The charts of the state stores' own counters, and the list in which one chooses them."""

import os
import unittest

from page_test_case import PageTestCase, StandIn


@unittest.skipIf(os.environ.get("STREAMGAUGE_ADDRESS"), "a server was given, whose queries are not known to this test")
class CustomMetricsTests(PageTestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.server = StandIn(queries=20, interval=5.0)
        cls.addClassCleanup(cls.server.kill)
        cls.address = cls.server.address

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


if __name__ == "__main__":
    unittest.main()
