// The charts of the state stores' own counters: all are offered, and those that were chosen are drawn.

import { Chart } from './chart.js';
import { customChart } from './chartlist.js';
import { el, setAttribute, setText } from './dom.js';
import { counted, whole } from './format.js';
import { choiceOf, choose, usualMetrics } from './metricchoice.js';
import { MetricPicker } from './metricpicker.js';

export class CustomCharts {
    /** The charts that are chosen, in the order of their names. */
    charts = [];
    /** Every chart that was ever chosen, by name. */
    made = new Map();

    /** @param told `listen(chart)` for a chart that is new, `changed()` when others are chosen. */
    constructor({ listen, changed }) {
        this.listen = listen;
        this.picker = new MetricPicker((names) => { choose(this.query, names); changed(); });
        this.count = el('p', { class: 'hint', role: 'status' });
        this.grid = el('div', { class: 'charts' });
        this.node = el('section', { class: 'custom-charts', 'aria-labelledby': 'custom-charts-title', hidden: true },
            el('h2', { id: 'custom-charts-title' }, 'Custom metrics of the state, batch by batch'), this.count, this.picker.node, this.grid);
    }

    /** Takes what there is: `query` is what a choice is remembered by, `names` are all, `metrics` those that the time shown has points of. */
    show(query, names, metrics) {
        this.query = query;
        this.node.hidden = metrics.size === 0;
        if (this.node.hidden) {
            this.charts = [];
            return;
        }
        const sorted = [...names].sort();
        const wanted = new Set(choiceOf(query) ?? sorted.slice(0, usualMetrics));
        const chosen = sorted.filter((name) => wanted.has(name));
        setText(this.count, `${whole(chosen.length)} of ${counted(sorted.length, 'custom metric')} ${chosen.length === 1 ? 'is' : 'are'} charted.`);
        this.picker.show(sorted, wanted);
        this.charts = chosen.map((name) => this.chartOf(name));
        for (const { node, spec } of this.charts) node.hidden = !metrics.has(spec.custom);
        setAttribute(this.grid, 'data-many', this.isMany);
        this.arrange();
    }

    /** Whether there are more charts than usual. */
    get isMany() { return this.charts.length > usualMetrics; }

    chartOf(name) {
        if (!this.made.has(name)) {
            const chart = new Chart(customChart(name));
            this.made.set(name, chart);
            chart.node.addEventListener('contentvisibilityautostatechange', ({ skipped }) => this.sighted(chart, !skipped));
            this.listen(chart);
        }
        return this.made.get(name);
    }

    /** Puts the charts into the grid. One that is where it belongs is not touched: it may have the focus. */
    arrange() {
        let place = this.grid.firstChild;
        for (const { node } of this.charts) {
            if (node === place) place = place.nextSibling;
            else this.grid.insertBefore(node, place);
        }
        while (place) {
            const next = place.nextSibling;
            place.remove();
            place = next;
        }
    }

    /** Draws a frame. Of many charts those that the browser does not paint wait until it does. */
    draw(frame) {
        this.frame = frame;
        for (const chart of this.charts) if (!chart.node.hidden && (!this.isMany || !chart.isSkipped || !chart.frame)) chart.draw(frame);
    }

    sighted(chart, isSeen) {
        chart.isSkipped = !isSeen;
        if (isSeen && this.charts.includes(chart) && !chart.node.hidden && this.frame && chart.frame !== this.frame) chart.draw(this.frame);
    }
}
