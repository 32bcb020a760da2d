// One query's line in the table of all. It touches only what differs from what it shows, which is what keeps a thousand of them
// smooth: a text that stays is not laid out again.

import { el, setAttribute, setText } from './dom.js';
import * as format from './format.js';
import { queryPath } from './router.js';
import { sparkline, updateSparkline } from './sparkline.js';
import { stateMark, updateMark } from './states.js';
import { title } from './store.js';

export class QueryRow {
    constructor(query) {
        this.id = query.id;
        this.mark = stateMark(query.state);
        this.link = el('a', { href: queryPath(query.id) });
        this.reason = el('span', { class: 'reason' });
        this.since = el('time');
        this.spark = sparkline();
        const cell = (name, ...content) => el('td', { class: `c-${name}`, role: 'cell' }, ...content);
        const number = (name, label) => cell(name, el('span', { class: 'cell-label' }, label), el('span', { class: 'v' }));
        this.cells = {
            input: number('input', 'in'), processed: number('processed', 'out'), batch: number('batch', 'batch'),
            lag: number('lag', 'lag'), behind: number('behind', ''), watermark: number('watermark', 'watermark'), alerts: cell('alerts', el('span', { class: 'v' })),
        };
        const { input, processed, batch, lag, behind, watermark, alerts } = this.cells;
        this.node = el('tr', { role: 'row', 'data-id': query.id },
            cell('state', this.mark),
            el('th', { class: 'c-name', scope: 'row', role: 'rowheader' }, this.link, this.reason),
            cell('since', this.since), input, processed, cell('spark', this.spark), batch, lag, behind, watermark, alerts);
        // A row that is not on the screen is not painted by the browser; its line is drawn when it comes into sight.
        this.isSkipped = false;
        this.node.addEventListener('contentvisibilityautostatechange', (event) => {
            this.isSkipped = event.skipped;
            if (!event.skipped) this.drawSpark();
        });
    }

    /** Shows what is known now. */
    update(query, now) {
        this.query = query;
        updateMark(this.mark, query.state);
        setAttribute(this.mark, 'title', query.stateReason);
        setText(this.link, title(query));
        const isWanted = ['failed', 'stalled', 'behind', 'restarting', 'unknown'].includes(query.state);
        setText(this.reason, isWanted ? query.stateReason : '');
        this.tick(now);
        this.value('input', format.shortRate(query.inputRowsPerSecond), exact(query.inputRowsPerSecond, 'rows/s'));
        this.value('processed', format.shortRate(query.processedRowsPerSecond), exact(query.processedRowsPerSecond, 'rows/s'));
        const interval = query.triggerIntervalSeconds;
        this.value('batch', format.shortDuration(query.batchDurationSeconds), interval ? `of an interval of ${format.duration(interval)}` : null);
        setAttribute(this.cells.batch, 'data-high', interval > 0 && query.batchDurationSeconds > interval);
        this.value('lag', format.compact(query.lagRecords), exact(query.lagRecords, 'records'));
        this.value('behind', format.shortDuration(query.lagSeconds), null);
        this.value('watermark', format.shortDuration(query.watermarkDelaySeconds), null);
        this.value('alerts', query.firing > 0 ? String(query.firing) : '', query.firing > 0 ? format.counted(query.firing, 'firing alert') : null);
        setAttribute(this.cells.alerts, 'data-firing', query.firing > 0);
        if (!this.isSkipped) this.drawSpark();
    }

    /** The run's age goes on without an event. */
    tick(now) {
        const since = this.query.runSince;
        if (typeof since !== 'number') return setText(this.since, format.unknown);
        setText(this.since, format.shortDuration(Math.max(0, Math.floor((now - since) / 1000))));
        if (this.shownSince === since) return;
        this.shownSince = since;
        const iso = new Date(since).toISOString();
        setAttribute(this.since, 'datetime', iso);
        setAttribute(this.since, 'title', `since ${format.moment(since)} (${iso})`);
    }

    drawSpark() {
        if (!this.query || this.drawn === this.query.sparkline) return;
        this.drawn = this.query.sparkline;
        updateSparkline(this.spark, this.drawn);
    }

    value(name, text, hover) {
        const cell = this.cells[name];
        setText(cell.querySelector('.v'), text);
        setAttribute(cell, 'data-unknown', text === format.unknown);
        setAttribute(cell, 'title', hover);
    }
}

function exact(value, unit) {
    return typeof value === 'number' ? `${value.toLocaleString('en-US', { maximumFractionDigits: 3 })} ${unit}` : null;
}
