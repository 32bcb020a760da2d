// The charts of the state stores' own counters: all are offered, and those that were chosen are drawn.

import { Chart } from './chart.js';
import { customChart } from './chartlist.js';
import { el, say, setAttribute, setText } from './dom.js';
import { counted, whole } from './format.js';
import { choiceOf, choose, usualMetrics, usualOf } from './metricchoice.js';
import { MetricPicker } from './metricpicker.js';

export class CustomCharts {
    /** The charts that are chosen, in the order of their names. */
    charts = [];
    /** Every chart that was chosen of a name that there is, by name. */
    made = new Map();
    wanted = new Set();

    /** @param told `listen(chart)` for a chart that is new, `changed()` when others are chosen. */
    constructor({ listen, changed }) {
        this.listen = listen;
        this.picker = new MetricPicker((names) => this.choose(names, changed));
        // No live region: the counts may change with every batch. What the reader does is answered by `say`.
        this.count = el('p', { class: 'hint' });
        this.missing = el('p', { class: 'hint missing', hidden: true }, 'Custom metrics are kept of the last batches only.');
        this.grid = el('div', { class: 'charts' });
        this.node = el('section', { class: 'custom-charts', 'aria-labelledby': 'custom-charts-title', hidden: true },
            el('h2', { id: 'custom-charts-title' }, 'Custom metrics of the state, batch by batch'), this.count, this.picker.node, this.missing, this.grid);
        this.closing = new AbortController();
        addEventListener('storage', changed, { signal: this.closing.signal });
    }

    close() { this.closing.abort(); }

    choose(names, changed) {
        choose(this.query, names);
        changed();
        say(this.count.textContent);
    }

    /**
     * Takes what there is: `query` is what a choice is remembered by, `kept` are the columns at hand and `shown` those of the time
     * shown, `told` what the last batch counted, `isEnded` whether it was the last one.
     */
    show({ query, kept, shown, told, isEnded }) {
        this.query = query;
        const names = [...new Set([...kept.keys(), ...Object.keys(told)])].sort();
        for (const name of this.made.keys()) if (!kept.has(name) && !Object.hasOwn(told, name)) this.made.delete(name);
        const wanted = new Set(choiceOf(query) ?? usualOf(names, kept));
        this.wanted = wanted;
        const chosen = names.filter((name) => wanted.has(name));
        this.node.hidden = names.length === 0;
        this.charts = chosen.map((name) => this.chartOf(name));
        // A history that is on disk has none of them.
        const isLeftOut = kept.size > 0 && shown.size === 0;
        this.missing.hidden = !isLeftOut;
        setText(this.count, counts(names, chosen, { kept, shown, isEnded, isLeftOut }));
        this.picker.show(names, wanted, { kept, mark: isEnded ? 'no points are kept' : 'no points yet' });
        setAttribute(this.grid, 'data-many', this.isMany);
        this.arrange(shown, isLeftOut);
    }

    /** Of a batch's counters those that are charted, for of each there may be no points but those. */
    chosenOf(metrics) {
        return Object.fromEntries(Object.entries(metrics ?? {}).filter(([name]) => this.wanted.has(name)));
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

    /**
     * Puts the charts into the grid. One that stays is not moved, or it would lose the focus: so those that go do so first. Where the
     * one with the focus goes, the next one gets it, or else the picker.
     */
    arrange(shown, isLeftOut) {
        const { activeElement } = document;
        const focused = this.grid.contains(activeElement) ? [...this.grid.children].findIndex((node) => node.contains(activeElement)) : -1;
        const after = focused < 0 ? [] : [...this.grid.children].slice(focused);
        const staying = new Set(this.charts.map(({ node }) => node));
        for (const node of [...this.grid.children]) if (!staying.has(node)) node.remove();
        let place = this.grid.firstChild;
        for (const { node, spec } of this.charts) {
            node.hidden = !shown.has(spec.custom);
            if (node === place) place = place.nextSibling;
            else this.grid.insertBefore(node, place);
        }
        this.grid.hidden = isLeftOut;
        if (focused < 0 || this.node.hidden) return;
        const isThere = (node) => !this.grid.hidden && !node.hidden && this.grid.contains(node);
        if (isThere(after[0])) return;
        const next = after.find(isThere) ?? [...this.grid.children].findLast(isThere);
        (next?.querySelector('.plot') ?? this.picker.summary).focus({ preventScroll: true });
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

/** How many of the names have charts, and why others that are chosen have none. */
function counts(names, chosen, { kept, shown, isEnded, isLeftOut }) {
    const all = counted(names.length, 'custom metric');
    if (isLeftOut) return `${whole(chosen.length)} of ${all} ${chosen.length === 1 ? 'is' : 'are'} chosen.`;
    const charted = chosen.filter((name) => shown.has(name)).length;
    const without = chosen.filter((name) => !kept.has(name) && !shown.has(name)).length;
    const elsewhere = chosen.length - charted - without;
    const parts = [`${whole(charted)} of ${all} ${charted === 1 ? 'is' : 'are'} charted`];
    if (without > 0) parts.push(isEnded ? `of ${whole(without)} more no points are kept` : `${whole(without)} more ${without === 1 ? 'has' : 'have'} no points yet`);
    if (elsewhere > 0) parts.push(`${whole(elsewhere)} more ${elsewhere === 1 ? 'has' : 'have'} none in this time`);
    return `${parts.join('; ')}.`;
}
