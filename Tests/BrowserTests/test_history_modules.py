"""What the page keeps of a query's points: how much, and what it asks for again."""

import unittest

from page_test_case import ModuleTestCase


class HistoryModuleTests(ModuleTestCase):
    def test_custom_metrics_whose_names_change_are_bounded_and_take_no_point_from_the_ordinary_charts(self):
        found = self.call("queryhistory", """(() => {
            const history = new m.QueryHistory();
            for (let i = 0; i < 6000; i += 1) history.append({ time: i, batchId: i, inputRows: i, phaseSeconds: {}, customMetrics: { always: i, [`a${i}`]: 1, [`b${i}`]: 1 } });
            const { customMetrics } = history;
            return [history.length, history.columns.inputRows[0], history.most, customMetrics.size, customMetrics.get('always').length, customMetrics.get('always').at(-1)];
        })()""")
        self.assertEqual(found, [6000, 0, 20_000, 256, 6000, 5999])

    def test_a_custom_metric_without_a_value_in_the_points_that_are_kept_gives_its_place_to_another(self):
        found = self.call("queryhistory", """(() => {
            const many = Object.fromEntries(Array.from({ length: 256 }, (_, index) => [`m${index}`, index]));
            const history = new m.QueryHistory();
            history.append({ time: 0, batchId: 0, customMetrics: many });
            for (let i = 1; i <= 5000; i += 1) history.append({ time: i, batchId: i, customMetrics: { late: i } });
            const late = history.customMetrics.get('late');
            return [history.length, [...history.customMetrics.keys()], late.length, late[0], late.at(-1)];
        })()""")
        self.assertEqual(found, [5000 + 1, ["late"], 5001, None, 5000])

    def test_a_metric_that_is_named_like_a_part_of_every_object_has_a_gap_where_it_is_missing(self):
        found = self.call("queryhistory", """(() => {
            const strange = () => JSON.parse('{"constructor": 1, "__proto__": 2, "toString": 3}');
            const history = new m.QueryHistory({ time: [500], batchId: [0], phaseSeconds: strange(), customMetrics: JSON.parse('{"__proto__": [7]}') });
            history.append({ time: 1000, batchId: 1, phaseSeconds: strange(), customMetrics: strange() });
            history.append({ time: 2000, batchId: 2, phaseSeconds: {}, customMetrics: {} });
            return [[...history.phases.values()].map((values) => values.at(-1)), [...history.customMetrics]];
        })()""")
        self.assertEqual(found, [[None] * 3, [["__proto__", [7, 2, None]], ["constructor", [None, 1, None]], ["toString", [None, 3, None]]]])

    def test_points_that_went_for_lack_of_room_are_asked_for_again(self):
        found = self.page.eval("""(async () => {
            const { QueryHistory } = await import('/assets/queryhistory.js');
            const { PastPoints } = await import('/assets/pastpoints.js');
            const points = (from, count) => ({ time: Array.from({ length: count }, (_, index) => from + index), batchId: Array.from({ length: count }, (_, index) => from + index) });
            const recent = new QueryHistory(points(1000, 100));
            const past = new PastPoints({ id: 'q', recent, changed() {}, failed() {} });
            const asked = [];
            past.ask = (from, to) => { asked.push([from, to]); };
            const answer = (from, count) => ({ restarts: [], transitions: [], stepSeconds: 0, history: points(from, count) });
            past.take(answer(500, 600), 500, 1100);
            const before = [past.points(500, 600) === recent, past.points(100, 600) === recent, asked.splice(0)];
            for (let time = 1100; time < 21_400; time += 1) recent.append({ time, batchId: time });
            const after = [recent.time[0], past.points(1400, 1500) === recent, past.points(600, 700) === recent, asked.splice(0)];
            // There is no room for the answer among the recent points; it is shown beside them.
            past.take(answer(600, 101), 600, 700);
            const shown = past.points(600, 700);
            // The server has room for fewer points than the page.
            past.take(answer(20_000, 1400), 1000, 21_400);
            const fewer = [past.points(1000, 21_400) === recent, past.points(1200, 1300) === recent];
            return [before, after, [shown !== recent, shown.time.length], fewer, asked];
        })()""")
        self.assertEqual(found, [[True, True, [[100, 600]]], [1400, True, True, [[600, 700]]], [True, 101], [True, True], []])


if __name__ == "__main__":
    unittest.main()
