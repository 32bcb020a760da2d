"""The page of one query: its charts, lag, verdict and batches."""

import unittest

from page_test_case import StandInTestCase


class QueryPageTests(StandInTestCase):
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


if __name__ == "__main__":
    unittest.main()
