// A chart over time, drawn as SVG: lines or stacked areas, marks where a run began, a line at the batch that is pointed at, and at its
// right how often which values came.

import { el, setAttribute, setText, svg } from './dom.js';
import { clock, shortDuration, unknown } from './format.js';
import { area, line, longestGap, runs, thinned } from './paths.js';
import { linear, timeMarks, valueAxis } from './scale.js';

/** Room for texts around the plot, the same in all charts, so that a time is at one place on all of them. */
export const margin = { left: 58, right: 40, top: 8, bottom: 20 };
/** Pixels, where a chart's `spec` does not say how high it is. */
const usualHeight = 150;
const bins = 24;

export class Chart {
    /**
     * @param spec `title`, `format` for values and, shorter, `axisFormat` for the axis, `series(history)` giving `{ name, values }` of each, `isStacked`, `isTime` and `isWhole`
     *   for the axis, `reference(query)` giving `{ value, name }` of a line across, `height` in pixels, a shorter `label` to read aloud.
     */
    constructor(spec) {
        this.spec = spec;
        this.height = spec.height ?? usualHeight;
        this.legend = el('ul', { class: 'legend' });
        this.layers = Object.fromEntries(['grid', 'areas', 'lines', 'histogram', 'marks', 'selection', 'cross'].map((name) => [name, svg('g', { class: `g-${name}` })]));
        this.svg = svg('svg', { height: this.height, 'aria-hidden': 'true' }, Object.values(this.layers));
        this.plot = el('div', { class: 'plot', tabindex: 0, role: 'group', 'aria-roledescription': 'chart' }, this.svg);
        this.node = el('figure', { class: 'chart' }, el('figcaption', {}, el('h3', { title: spec.hint }, spec.title), this.legend), this.plot);
        this.width = 0;
    }

    /** Draws a frame: `history`, `range` of indices, `from` and `to`, `restarts`, `query`. */
    draw(frame) {
        this.frame = frame;
        const { history, range } = frame;
        this.width = frame.width;
        setAttribute(this.svg, 'width', this.width);
        setAttribute(this.svg, 'viewBox', `0 0 ${this.width} ${this.height}`);
        this.series = this.spec.series(history);
        this.reference = this.spec.reference?.(frame.query) ?? null;
        const [least, most] = this.extent();
        const axis = valueAxis(least, most, this.spec);
        this.x = linear([frame.from, frame.to], [margin.left, this.width - margin.right]);
        this.y = linear(axis.range, [this.height - margin.bottom, margin.top]);
        this.gap = longestGap(history.time, range);
        this.drawGrid(axis);
        if (this.spec.isStacked) this.drawStack();
        else this.drawLines();
        this.drawHistogram(axis);
        this.drawMarks();
        this.drawLegend();
        this.hover(frame.hover);
        setAttribute(this.plot, 'aria-label', this.summary());
    }

    /** The values that the axis has to hold. */
    extent() {
        const [first, end] = this.frame.range;
        let [least, most] = [0, 0];
        for (let index = first; index < end; index += 1) {
            let sum = 0;
            for (const { values } of this.series) {
                const value = values[index];
                if (value === null) continue;
                sum = this.spec.isStacked ? sum + value : value;
                if (sum < least) least = sum;
                if (sum > most) most = sum;
            }
        }
        const { reference } = this;
        // A line far above all values would press them flat.
        if (reference && reference.value < 3 * most) most = Math.max(most, reference.value);
        return [least, most];
    }

    drawGrid(axis) {
        const right = this.width - margin.right;
        const bottom = this.height - margin.bottom;
        const marks = timeMarks(this.frame.from, this.frame.to, (right - margin.left) / 90);
        this.layers.grid.replaceChildren(
            ...axis.marks.flatMap((value) => {
                const y = Math.round(this.y(value)) + 0.5;
                return [
                    svg('line', { x1: margin.left, x2: right, y1: y, y2: y, class: value === 0 ? 'zero' : null }),
                    svg('text', { x: margin.left - 6, y: y + 3.5, class: 'y' }, value === 0 ? '0' : (this.spec.axisFormat ?? (this.spec.isTime ? shortDuration : this.spec.format))(value)),
                ];
            }),
            ...marks.map(({ time, text }) => svg('text', { x: this.x(time), y: bottom + 14, class: 'x' }, text)));
        const { reference } = this;
        if (!reference || this.y(reference.value) < margin.top - 1) return;
        const y = this.y(reference.value);
        this.layers.grid.append(svg('line', { x1: margin.left, x2: right, y1: y, y2: y, class: 'reference' }));
    }

    runsOf(values) {
        const { history, range, restarts } = this.frame;
        return runs({ time: history.time, values, range, breaks: restarts, longest: this.gap });
    }

    drawLines() {
        const x = (index) => this.x(this.frame.history.time[index]);
        // Of two lines the first alone is filled: where it rises above the second is what one looks for.
        const lines = [];
        const areas = [];
        this.series.forEach(({ values }, place) => {
            const points = this.runsOf(values).map((run) => thinned(run, x, (index) => this.y(values[index])));
            lines.push(svg('path', { class: `line s${place}`, d: points.map(line).join('') }));
            if (place === 0) {
                areas.push(svg('path', { class: `area s${place}`, d: points.map((run) => area(run, run.map(([left]) => [left, this.y(0)]))).join('') }));
            }
        });
        this.layers.areas.replaceChildren(...areas);
        this.layers.lines.replaceChildren(...lines);
    }

    /** A phase that a batch does not have took no time; a batch of which no phase is known is a gap. */
    drawStack() {
        const { history: { time, length } } = this.frame;
        const known = Array.from({ length }, (_, index) => (this.series.some(({ values }) => values[index] !== null) ? 0 : null));
        const found = this.runsOf(known);
        const x = (index) => this.x(time[index]);
        const base = known.slice();
        const paths = this.series.map(({ values }, place) => {
            const top = base.map((value, index) => (value === null ? null : value + (values[index] ?? 0)));
            const d = found.map((run) => area(run.map((index) => [x(index), this.y(top[index])]), run.map((index) => [x(index), this.y(base[index])]))).join('');
            top.forEach((value, index) => { base[index] = value; });
            return svg('path', { class: `stack p${place % 11}`, d });
        });
        this.layers.areas.replaceChildren(...paths);
        this.layers.lines.replaceChildren();
    }

    /** How often which values came in the time shown, on the same axis. */
    drawHistogram(axis) {
        const [first, end] = this.frame.range;
        const [low, high] = axis.range;
        const counts = new Array(bins).fill(0);
        const series = this.spec.isStacked ? [{ values: this.totals() }] : this.series;
        for (const { values } of series) {
            for (let index = first; index < end; index += 1) {
                if (values[index] === null) continue;
                counts[Math.min(bins - 1, Math.max(0, Math.floor((values[index] - low) / (high - low) * bins)))] += 1;
            }
        }
        const most = Math.max(1, ...counts);
        const left = this.width - margin.right + 5;
        const room = margin.right - 9;
        const step = (this.height - margin.top - margin.bottom) / bins;
        this.layers.histogram.replaceChildren(...counts.flatMap((count, index) => (count === 0 ? [] : [svg('rect', {
            x: left, width: Math.max(1, count / most * room), y: this.height - margin.bottom - (index + 1) * step + 0.5, height: step - 1,
        })])));
    }

    totals() {
        return this.frame.history.time.map((_, index) => {
            const known = this.series.map(({ values }) => values[index]).filter((value) => value !== null);
            return known.length > 0 ? known.reduce((sum, value) => sum + value, 0) : null;
        });
    }

    drawMarks() {
        const { from, to, restarts } = this.frame;
        this.layers.marks.replaceChildren(...restarts.filter((time) => time >= from && time <= to).map((time) => {
            const x = Math.round(this.x(time)) + 0.5;
            return svg('g', {}, svg('line', { x1: x, x2: x, y1: margin.top - 4, y2: this.height - margin.bottom }),
                svg('path', { d: `M${x - 4} ${margin.top - 7}h8l-4 6Z` }));
        }));
    }

    drawLegend() {
        const items = this.series.map(({ name }, place) => this.legendItem(name, this.spec.isStacked ? `p${place % 11}` : `s${place}`));
        if (this.reference) items.push(this.legendItem(this.reference.name, 'reference'));
        if (items.length === this.legend.children.length && items.every((item, index) => item.textContent === this.legend.children[index].firstChild.textContent)) return;
        this.legend.replaceChildren(...items.map((item) => el('li', {}, item, el('output', {}))));
    }

    legendItem(name, style) {
        return el('span', { class: 'legend-name' }, el('span', { class: `swatch ${style}` }), name);
    }

    /** Points at a batch, or at none (-1): then the last one's values are shown. */
    hover(index) {
        const { history, range: [first, end] } = this.frame;
        const shown = index >= 0 ? index : end - 1;
        this.series.forEach(({ values }, place) => {
            const value = shown >= first ? values[shown] : null;
            setText(this.legend.children[place].lastChild, value === null || value === undefined ? unknown : this.spec.format(value));
        });
        if (this.reference) setText(this.legend.lastChild.lastChild, this.spec.format(this.reference.value));
        if (index < 0) return this.layers.cross.replaceChildren();
        const x = this.x(history.time[index]);
        const dots = this.spec.isStacked ? [] : this.series.flatMap(({ values }, place) => (values[index] === null ? []
            : [svg('circle', { class: `dot s${place}`, cx: x, cy: this.y(values[index]), r: 3.5 })]));
        this.layers.cross.replaceChildren(svg('line', { x1: x, x2: x, y1: margin.top, y2: this.height - margin.bottom }), ...dots);
    }

    /** Shows the time that is being dragged over. */
    select(from, to) {
        if (from === null) return this.layers.selection.replaceChildren();
        const [left, right] = [this.x(Math.min(from, to)), this.x(Math.max(from, to))];
        this.layers.selection.replaceChildren(svg('rect', { x: left, width: Math.max(0, right - left), y: margin.top, height: this.height - margin.top - margin.bottom }));
    }

    /** The values at a batch in words. */
    words(index) {
        return this.series.map(({ name, values }) => `${name} ${values[index] === null ? 'unknown' : this.spec.format(values[index])}`).join(', ');
    }

    summary() {
        const { range: [first, end], from, to } = this.frame;
        const parts = this.series.map(({ name, values }) => {
            const known = values.slice(first, end).filter((value) => value !== null);
            if (known.length === 0) return `${name} unknown`;
            const [least, most] = [known.reduce((a, b) => Math.min(a, b)), known.reduce((a, b) => Math.max(a, b))];
            return `${name} from ${this.spec.format(least)} to ${this.spec.format(most)}, last ${this.spec.format(known.at(-1))}`;
        });
        return `${this.spec.label ?? this.spec.title}, ${clock(from)} to ${clock(to)}. ${parts.join('; ')}. Arrow keys go from batch to batch.`;
    }
}
