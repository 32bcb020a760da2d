"""What the modules of the page compute, asked in the browser that runs them."""

from page_test_case import ModuleTestCase

NBSP = "\u00a0"


class ModuleTests(ModuleTestCase):
    def assertFormats(self, function, table):
        for value, expected in table.items():
            with self.subTest(function=function, value=value):
                self.assertEqual(self.call("format", f"m.{function}({value})").replace(NBSP, " "), expected)

    def test_numbers_have_units_and_three_digits_at_most(self):
        self.assertFormats("rate", {"1234567": "1.2 M rows/s", "0": "0 rows/s", "999.6": "1 k rows/s", "999.4": "999 rows/s", "0.0512": "0.051 rows/s", "null": "–", "undefined": "–", "NaN": "–"})
        self.assertFormats("bytes", {"0": "0 B", "999": "999 B", "1500": "1.5 kB", "20e6": "20 MB", "-3e9": "-3 GB", "null": "–"})
        self.assertFormats("count", {"0": "0", "12345": "12,345", "123456": "123 k", "-12345": "-12,345", "null": "–"})
        self.assertFormats("percent", {"0.456": "46 %", "null": "–"})

    def test_lengths_of_time_are_read_at_a_glance(self):
        self.assertFormats("duration", {
            "0": "0 s", "0.0042": "4.2 ms", "0.35": "350 ms", "0.9996": "1 s", "16.64": "16.6 s", "59.96": "1 min", "270": "4 min 30 s", "3599.6": "1 h",
            "7380": "2 h 3 min", "86399": "1 d", "273600": "3 d 4 h", "-5": "-5 s", "null": "–"})
        self.assertFormats("shortDuration", {"270": "4.5 min", "3598": "1 h", "7380": "2.1 h", "273600": "3.2 d", "0.35": "350 ms", "null": "–"})

    def test_a_difference_is_told_by_path(self):
        found = self.call("diff", """m.differences({ a: 1, b: { c: [1, 2], 'x.y': 1 }, d: null, same: { e: [] } }, { a: 2, b: { c: [1, 3, 4] }, d: {}, same: { e: [] }, f: 'new' })
            .map(entry => [entry.path, JSON.stringify(entry.before) ?? '', JSON.stringify(entry.after) ?? ''])""")
        self.assertEqual(found, [["a", "1", "2"], ["b.c[1]", "2", "3"], ["b.c[2]", "", "4"], ['b["x.y"]', "1", ""], ["d", "null", "{}"], ["f", "", '"new"']])

    def test_a_field_that_is_named_like_a_part_of_every_object_is_a_field(self):
        self.assertEqual(self.call("diff", """m.differences(JSON.parse('{"__proto__": 1}'), JSON.parse('{"constructor": 2}')).map(entry => [entry.path, entry.before ?? null, entry.after ?? null])"""),
                         [["__proto__", 1, None], ["constructor", None, 2]])

    def test_a_point_that_comes_twice_is_there_once_and_in_its_place(self):
        lengths = self.call("queryhistory", """(() => {
            const history = new m.QueryHistory({ time: [1000, 3000], batchId: [1, 3], inputRows: [10, 30], phaseSeconds: { addBatch: [1, 3] } });
            history.append({ time: 2000, batchId: 2, inputRows: 20, phaseSeconds: { addBatch: 2, walCommit: 1 } });
            history.append({ time: 3000, batchId: 3, inputRows: 31, phaseSeconds: {} });
            return [history.time, history.columns.inputRows, history.phases.get('addBatch'), history.phases.get('walCommit'), history.range(1500, 3000), history.nearest(2400, [0, 3])];
        })()""")
        self.assertEqual(lengths, [[1000, 2000, 3000], [10, 20, 31], [1, 2, None], [None, 1, None], [1, 3], 1])

    def test_a_custom_metric_that_comes_late_has_a_gap_before_it(self):
        found = self.call("queryhistory", """(() => {
            const history = new m.QueryHistory({ time: [1000, 2000], batchId: [1, 2], customMetrics: { b: [5, null] } });
            history.append({ time: 3000, batchId: 3, phaseSeconds: {}, customMetrics: { a: 7, b: 8 } });
            history.append({ time: 4000, batchId: 4, phaseSeconds: {} });
            history.prepend({ time: [500], batchId: [0], customMetrics: { c: [1] } });
            return [...history.customMetrics];
        })()""")
        self.assertEqual(found, [["a", [None, None, None, 7, None]], ["b", [None, 5, None, 8, None]], ["c", [1, None, None, None, None]]])

    def test_older_points_go_before_the_first_and_nowhere_else(self):
        found = self.call("queryhistory", """(() => {
            const history = new m.QueryHistory({ time: [3000, 4000], batchId: [3, 4], inputRows: [30, 40], phaseSeconds: { addBatch: [3, 4] } });
            const count = history.prepend({ time: [1000, 2000, 3000], batchId: [1, 2, 3], inputRows: [10, 20, 99], phaseSeconds: { walCommit: [1, 2, 3] } });
            return [count, history.time, history.columns.inputRows, history.columns.lateRows, history.phases.get('addBatch'), history.phases.get('walCommit')];
        })()""")
        self.assertEqual(found, [2, [1000, 2000, 3000, 4000], [10, 20, 30, 40], [None] * 4, [None, None, 3, 4], [1, 2, None, None]])

    def test_a_line_has_a_gap_at_the_unknown_at_a_restart_and_in_a_long_silence(self):
        runs = self.call("paths", "m.runs({ time: [0, 1, 2, 3, 4, 5, 100], values: [1, null, 1, 1, 1, 1, 1], range: [0, 7], breaks: [4], longest: 10 })")
        self.assertEqual(runs, [[0], [2, 3], [4, 5], [6]])

    def test_thinning_keeps_the_peak(self):
        points = self.call("paths", "m.thinned(Array.from({ length: 10000 }, (_, index) => index), index => index / 100, index => (index === 5003 ? 99 : index % 7))")
        self.assertLess(len(points), 500)
        self.assertIn(99, [y for _, y in points])

    def test_axes_hold_zero_and_end_in_whole_steps(self):
        self.assertEqual(self.call("scale", "m.valueAxis(0, 9.3)"), {"range": [0, 10], "marks": [0, 2.5, 5, 7.5, 10]})
        self.assertEqual(self.call("scale", "m.valueAxis(0, 170, { isTime: true }).marks"), [0, 60, 120, 180])
        self.assertEqual(self.call("scale", "m.valueAxis(0, 0, { isWhole: true }).marks"), [0, 1])
        low, high = self.call("scale", "m.valueAxis(-3, 5).range")
        self.assertTrue(low <= -3 and high >= 5)

    def test_sorting_puts_the_unknown_last_both_ways(self):
        order = "['lag', 'state'].flatMap(column => [true, false].map(descends => m.sorted([{ id: 'a', lagRecords: null, state: 'idle' }, { id: 'b', lagRecords: 1, state: 'failed' }, { id: 'c', lagRecords: 2, state: 'new' }], column, descends).map(query => query.id).join('')))"
        self.assertEqual(self.call("order", order), ["cba", "bca", "acb", "bca"])
