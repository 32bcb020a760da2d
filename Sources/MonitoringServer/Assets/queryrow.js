// One query's line in the table of all. It touches only what differs from what it shows, which is what keeps a thousand of them
// smooth: a text that stays is not laid out again.

import { el, setAttribute } from './dom.js';
import * as format from './format.js';
import { queryPath } from './router.js';
import { sparkline, updateSparkline } from './sparkline.js';
import { stateMark, updateMark } from './states.js';
import { title } from './store.js';

/** States whose reason is worth its room. */
const telling = new Set(['failed', 'stalled', 'behind', 'restarting', 'unknown']);

/** Figures with the word that stands before them on a phone, where the table has no head. */
const figures = { input: 'in', processed: 'out', batch: 'batch', lag: 'lag', behind: 'lag time', watermark: 'watermark', alerts: null };

export class QueryRow {
    /** What each part shows, by the part: asking the page for it would take longer than writing it. */
    shown = new Map();
    /** A row that is not on the screen is not painted by the browser; its line is drawn when it comes into sight. */
    isSkipped = false;

    constructor(query) {
        this.id = query.id;
        this.mark = stateMark(query.state);
        this.link = el('a', { href: queryPath(query.id) });
        this.reason = el('span', { class: 'reason' });
        this.since = el('time');
        this.spark = sparkline();
        const cell = (name, ...content) => el('td', { class: `c-${name}`, role: 'cell' }, ...content);
        this.values = {};
        this.cells = {};
        for (const [name, label] of Object.entries(figures)) {
            this.values[name] = el('span', { class: 'v' });
            this.cells[name] = cell(name, label ? el('span', { class: 'cell-label' }, `${label} `) : null, this.values[name]);
        }
        const { input, processed, ...rest } = this.cells;
        this.node = el('tr', {
            role: 'row', 'data-id': query.id, onpointerenter: () => this.explain(),
            oncontentvisibilityautostatechange: (event) => { this.isSkipped = event.skipped; this.drawSpark(); },
        }, cell('state', this.mark), el('th', { class: 'c-name', scope: 'row', role: 'rowheader' }, this.link, this.reason),
        cell('since', el('span', { class: 'cell-label' }, 'runs for '), this.since), input, processed, cell('spark', this.spark), Object.values(rest));
    }

    /** Shows what is known now. */
    update(query, now) {
        this.query = query;
        updateMark(this.mark, query.state);
        this.text(this.link, title(query));
        this.text(this.reason, telling.has(query.state) ? query.stateReason : '');
        this.tick(now);
        this.figure('input', format.shortRate(query.inputRowsPerSecond));
        this.figure('processed', format.shortRate(query.processedRowsPerSecond));
        this.figure('batch', format.shortDuration(query.batchDurationSeconds), isLong(query) ? 'high' : null);
        this.figure('lag', format.compact(query.lagRecords));
        this.figure('behind', format.shortDuration(query.lagSeconds));
        this.figure('watermark', format.shortDuration(query.watermarkDelaySeconds));
        this.figure('alerts', query.firing > 0 ? String(query.firing) : '', query.firing > 0 ? 'firing' : null);
        this.drawSpark();
    }

    /** The run's age goes on without an event. */
    tick(now) {
        const since = this.query.runSince;
        const isKnown = typeof since === 'number';
        this.text(this.since, isKnown ? format.shortDuration(Math.max(0, Math.floor((now - since) / 1000))) : format.unknown);
    }

    drawSpark() {
        if (this.isSkipped || !this.query || this.drawn === this.query.sparkline) return;
        this.drawn = this.query.sparkline;
        updateSparkline(this.spark, this.drawn);
    }

    /** Every digit, for who points at the row: nobody points at a thousand rows at once, so it is written only then. */
    explain() {
        const { query } = this;
        const exact = (value, unit) => (typeof value === 'number' ? `${format.exact(value)} ${unit}` : null);
        setAttribute(this.mark, 'title', query.stateReason);
        setAttribute(this.link, 'title', title(query));
        setAttribute(this.reason, 'title', query.stateReason);
        setAttribute(this.cells.input, 'title', exact(query.inputRowsPerSecond, 'rows/s'));
        setAttribute(this.cells.processed, 'title', exact(query.processedRowsPerSecond, 'rows/s'));
        setAttribute(this.cells.batch, 'title', query.triggerIntervalSeconds > 0 ? `of an interval of ${format.duration(query.triggerIntervalSeconds)}` : null);
        setAttribute(this.cells.lag, 'title', exact(query.lagRecords, 'records'));
        setAttribute(this.cells.alerts, 'title', query.firing > 0 ? format.counted(query.firing, 'firing alert') : null);
        if (typeof query.runSince !== 'number') return;
        const iso = new Date(query.runSince).toISOString();
        setAttribute(this.since, 'datetime', iso);
        setAttribute(this.since, 'title', `since ${format.moment(query.runSince)} (${iso})`);
    }

    text(node, text) {
        if (this.shown.get(node) === text) return false;
        this.shown.set(node, text);
        node.textContent = text ?? '';
        return true;
    }

    figure(name, text, flag = null) {
        this.text(this.values[name], text);
        const cell = this.cells[name];
        const kind = flag ?? (text === format.unknown ? 'unknown' : null);
        if (this.shown.get(cell) === kind) return;
        this.shown.set(cell, kind);
        setAttribute(cell, 'data-kind', kind);
    }
}

const isLong = (query) => query.triggerIntervalSeconds > 0 && query.batchDurationSeconds > query.triggerIntervalSeconds;
