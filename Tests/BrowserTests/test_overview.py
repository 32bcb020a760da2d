"""The list of all queries: its filters, its order, what it shows at each width, and a thousand rows."""

import os
import unittest

from page_test_case import ROWS, PageTestCase, StandIn
from simulated_fleet import HOSTILE


@unittest.skipIf(os.environ.get("STREAMGAUGE_ADDRESS"), "a server was given, whose queries are not known to this test")
class OverviewTests(PageTestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.server = StandIn()
        cls.addClassCleanup(cls.server.kill)
        cls.address = cls.server.address

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

    def test_the_run_and_the_watermark_are_shown_at_every_width(self):
        page = self.open()
        row = f"document.querySelector('tr[data-id=\"{self.query_id(page, 'orders-enrich-eu')}\"]')"
        for width in (320, 360, 390, 639, 641, 700, 800, 900, 959, 961, 1199, 1280):
            with self.subTest(width=width):
                page.resize(width, 900)
                self.assertFits(page, width)
                cells = page.eval(f"""['state', 'name', 'since', 'input', 'processed', 'batch', 'lag', 'behind', 'watermark', 'alerts'].map(name => {{
                    const cell = {row}.querySelector('.c-' + name), place = cell.getBoundingClientRect();
                    return [name, cell.innerText, place.left, place.right, place.top, place.bottom, cell.scrollWidth - cell.clientWidth]; }})""")
                for name, text, left, right, top, bottom, hidden in cells:
                    self.assertRegex(text, r"\w", name)
                    self.assertTrue(left >= 0 and right <= width and bottom > top, f"{name} is at {left} to {right}")
                    if name != "name":
                        self.assertLessEqual(hidden, 0, f"{name} is cut off: {text}")
                for index, (name, _, left, right, top, bottom, _) in enumerate(cells):
                    for other, _, start, end, above, below, _ in cells[index + 1:]:
                        self.assertFalse(left < end - 1 and start < right - 1 and top < below - 1 and above < bottom - 1, f"{name} lies on {other}")

    def test_a_sparkline_is_not_wider_than_its_column(self):
        page = self.open(width=1280)
        widths = page.eval("[...document.querySelectorAll('tbody .c-spark')].map(cell => [cell.getBoundingClientRect().width, cell.firstChild.getBoundingClientRect().width])")
        self.assertTrue(widths and all(0 < line <= column for column, line in widths), widths[:1])

    def test_every_column_can_be_sorted_by_on_half_a_screen(self):
        page = self.open(width=800)
        for name in ("since", "watermark", "processed", "behind"):
            head = f"document.querySelector('thead .c-{name}')"
            x, y = page.eval(f"(({{ x, y, width, height }}) => [x + width / 2, y + height / 2])({head}.querySelector('button').getBoundingClientRect())")
            page.mouse("Pressed", x, y)
            page.mouse("Released", x, y)
            page.wait(f"{head}.ariaSort")


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
