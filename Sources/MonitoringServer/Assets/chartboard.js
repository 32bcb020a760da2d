// All charts of a query under one time, one pointer and one zoom.

import { Chart, margin } from './chart.js';
import { charts } from './chartlist.js';
import { CustomCharts } from './customcharts.js';
import { el, say, setAttribute, setText } from './dom.js';
import { clock, duration, moment } from './format.js';
import { stateWord } from './states.js';
import { title } from './store.js';
import { TimeFrame } from './timeframe.js';
import { spans, Timeline } from './timeline.js';

const modes = { '15m': 'Last 15 min', '1h': 'Last hour', '24h': 'Last 24 h', '7d': 'Last 7 days', '30d': 'Last 30 days', '1y': 'Last year', recent: 'Recent' };

export class ChartBoard {
    /** @param told `chosen(index)` for a batch that was clicked, `points(from, to)` gives what there is to draw of a time. */
    constructor({ chosen, points }) {
        this.chosen = chosen;
        this.points = points;
        this.frame = new TimeFrame();
        this.hovered = -1;
        this.timeline = new Timeline();
        this.charts = charts.map((spec) => new Chart(spec));
        this.buttons = new Map(Object.entries(modes).map(([mode, text], index) => [mode, el('button',
            { type: 'button', 'aria-keyshortcuts': String(index + 1), title: `${text} (${index + 1})`, onclick: () => this.choose(mode) }, text)]));
        this.reset = el('button', { type: 'button', hidden: true, onclick: () => this.choose(this.frame.mode) }, 'Reset zoom');
        this.readout = el('span', { class: 'readout' });
        this.grid = el('div', { class: 'charts' }, this.charts.map((chart) => chart.node));
        this.custom = new CustomCharts({ listen: (chart) => this.listen(chart), changed: () => this.draw() });
        this.missing = el('p', { class: 'hint' });
        this.node = el('section', { class: 'board', 'aria-label': 'Charts' },
            el('div', { class: 'board-tools' },
                el('div', { class: 'segments', role: 'group', 'aria-label': 'Time range' }, [...this.buttons.values()]), this.reset, this.readout),
            this.timeline.node, this.grid, this.custom.node, this.missing);
        for (const chart of this.charts) this.listen(chart);
        this.sizes = new ResizeObserver(() => this.draw());
        this.sizes.observe(this.node);
    }

    /** The charts that show the time and the batch that are pointed at. */
    get shown() {
        return [...this.charts, ...this.custom.charts].filter((chart) => !chart.node.hidden && chart.frame === this.shared);
    }

    /**
     * Takes what there is to draw: `recent` points, `query`, `restarts`, `transitions`, `now`. What is drawn until the next call ends
     * there, also where points come in the meantime: the page may be paused.
     */
    show(data) {
        this.data = { ...data, query: data.query && { ...data.query }, history: data.recent, last: data.recent.time.at(-1) };
        this.draw();
    }

    /** Takes more of the time that is shown. */
    complete({ restarts, transitions }) {
        if (this.data) Object.assign(this.data, { restarts, transitions });
        this.draw();
    }

    draw() {
        if (!this.data || !this.node.isConnected) return;
        const { recent, last, query, restarts, transitions, now } = this.data;
        const isEnded = query?.state === 'failed' || query?.state === 'terminated';
        const endedAt = isEnded ? transitions.at(-1)?.at ?? last ?? null : null;
        const [from, to] = this.frame.range({ first: recent.time[0], last }, now, endedAt);
        const history = this.points(from, to);
        this.data.history = history;
        this.range = history.range(from, Math.min(to, last ?? to));
        this.times = [from, to];
        if (this.hovered >= this.range[1] || this.hovered < this.range[0]) this.hovered = -1;
        this.custom.show({ query: query ? title(query) : '', kept: recent.customMetrics, shown: history.customMetrics, told: query?.customMetrics ?? {}, isEnded });
        setText(this.missing, this.hideUnknown(history).join(' '));
        // Widths are read before anything is written: each would have the browser lay out anew.
        const width = Math.max(240, this.charts[0].plot.clientWidth);
        this.shared = { history, query, restarts, from, to, range: this.range, width, hover: this.hovered };
        for (const chart of this.charts) if (!chart.node.hidden) chart.draw(this.shared);
        this.custom.draw(this.shared);
        this.timelineWidth = Math.max(240, this.timeline.node.clientWidth);
        this.drawTimeline();
        for (const [mode, button] of this.buttons) setAttribute(button, 'aria-pressed', String(!this.frame.zoom && this.frame.mode === mode));
        this.reset.hidden = !this.frame.zoom;
        this.drawReadout();
    }

    /** Leaves out charts of which nothing is known; gives what is to be said of that. */
    hideUnknown(history) {
        const left = [];
        for (const { node, spec } of this.charts) {
            node.hidden = Boolean(spec.needs) && !history.has(spec.needs);
            if (node.hidden) left.push(spec.title.toLowerCase());
        }
        const hints = left.length > 0 ? [`This query tells nothing of: ${left.join(', ')}.`] : [];
        if (history.stepSeconds > 0) hints.push(`Each point is the mean over ${duration(history.stepSeconds)}.`);
        return hints;
    }

    drawTimeline() {
        const { query, transitions, restarts, history } = this.data;
        const [from, to] = this.times;
        const hoverTime = this.hovered >= 0 ? history.time[this.hovered] : null;
        this.timeline.draw({ from, to, width: this.timelineWidth, query, transitions, restarts, hoverTime });
    }

    drawReadout() {
        const { history, restarts, now, transitions, query } = this.data;
        if (this.hovered < 0) {
            const [from, to] = this.times;
            const isLong = new Date(from).toDateString() !== new Date(to).toDateString();
            return setText(this.readout, `${isLong ? moment(from, now) : clock(from)} – ${isLong ? moment(to, now) : clock(to)}`);
        }
        const time = history.time[this.hovered];
        const batch = history.columns.batchId[this.hovered];
        const state = spans(transitions, query, now).find((span) => span.from <= time && time < span.to)?.state;
        const run = restarts.filter((restart) => restart <= time).length;
        const parts = [batch === null ? 'Batch –' : `Batch ${batch}`, moment(time, now)];
        if (state) parts.push(stateWord(state));
        if (restarts.length > 0) parts.push(run === 0 ? 'before the restarts shown' : `after restart ${run} of ${restarts.length}`);
        setText(this.readout, parts.join(' · '));
    }

    choose(mode) {
        this.frame.choose(mode);
        this.draw();
    }

    hover(index) {
        if (index === this.hovered) return;
        this.hovered = index;
        // One that is drawn later draws it too.
        this.shared.hover = index;
        for (const chart of this.shown) chart.hover(index);
        this.drawTimeline();
        this.drawReadout();
    }

    // MARK: Pointer and keys

    listen(chart) {
        const { plot } = chart;
        let begin = null;
        const timeAt = (event) => chart.x.invert(Math.min(chart.width - margin.right, Math.max(margin.left, event.clientX - plot.getBoundingClientRect().left)));
        const selectAll = (from, to) => { for (const other of this.shown) other.select(from, to); };
        plot.addEventListener('pointermove', (event) => {
            if (!chart.x) return;
            const time = timeAt(event);
            this.hover(this.data.history.nearest(time, this.range));
            if (begin !== null && Math.abs(event.clientX - begin.x) > 4) selectAll(begin.time, time);
        });
        plot.addEventListener('pointerleave', () => { if (begin === null && document.activeElement !== plot) this.hover(-1); });
        plot.addEventListener('pointerdown', (event) => {
            if (event.button !== 0 || !chart.x) return;
            begin = { time: timeAt(event), x: event.clientX };
            // A finger that moves up or down scrolls the page; the browser then takes the pointer away.
            plot.setPointerCapture(event.pointerId);
        });
        plot.addEventListener('pointerup', (event) => {
            if (begin === null) return;
            const { time, x } = begin;
            begin = null;
            selectAll(null);
            if (Math.abs(event.clientX - x) > 4) {
                if (this.frame.zoomTo(time, timeAt(event))) this.draw();
            } else if (this.hovered >= 0 && event.pointerType === 'mouse') this.chosen(this.hovered);
        });
        plot.addEventListener('pointercancel', () => { begin = null; selectAll(null); });
        plot.addEventListener('dblclick', () => this.choose(this.frame.mode));
        plot.addEventListener('keydown', (event) => { if (this.chartKey(event, chart)) event.preventDefault(); });
        plot.addEventListener('blur', () => this.hover(-1));
    }

    chartKey(event, chart) {
        if (event.ctrlKey || event.metaKey || event.altKey) return false;
        const [first, end] = this.range;
        if (first >= end) return false;
        const at = this.hovered;
        const step = event.shiftKey ? 10 : 1;
        const places = {
            ArrowLeft: at < 0 ? end - 1 : Math.max(first, at - step), ArrowRight: at < 0 ? end - 1 : Math.min(end - 1, at + step),
            Home: first, End: end - 1,
        };
        if (Object.hasOwn(places, event.key)) {
            this.hover(places[event.key]);
            say(`${this.readout.textContent}: ${chart.words(this.hovered)}`);
            return true;
        }
        if (event.key === '+' || event.key === '=' || event.key === '-') {
            const around = at >= 0 ? this.data.history.time[at] : this.times[1];
            this.frame.scale(event.key === '-' ? 2 : 0.5, around, this.times);
            this.draw();
            return true;
        }
        if (event.key === 'Enter' && at >= 0) {
            this.chosen(at);
            return true;
        }
        return false;
    }

    /** True for a key of the page that is the board's. */
    key(event) {
        const mode = Object.keys(modes)[Number(event.key) - 1];
        if (mode) this.choose(mode);
        else if (event.key === 'Escape' && this.frame.zoom) this.choose(this.frame.mode);
        else return false;
        return true;
    }

    close() {
        this.sizes.disconnect();
        this.custom.close();
    }
}
