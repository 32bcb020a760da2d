// A batch's progress as it came, and the difference of two.

import { loadBatch, loadBatches } from './api.js';
import { copy, el, say, setText } from './dom.js';
import { change, differences } from './diff.js';
import { exact, moment, whole } from './format.js';

/** Batches in a menu at most. */
const mostBatches = 2_000;

/** How far from a point's time its batch's own may be, in milliseconds. */
const nearby = 1_000;

export class Batches {
    list = [];
    /** Whether no older ones are kept. */
    isWhole = false;

    constructor(id) {
        this.id = id;
        this.first = el('select', { onchange: () => this.show() });
        this.second = el('select', { onchange: () => this.show() });
        this.copyButton = el('button', { type: 'button', onclick: () => this.copy() }, 'Copy JSON');
        this.newer = el('button', { type: 'button', onclick: () => this.step(-1) }, 'Newer');
        this.older = el('button', { type: 'button', onclick: () => this.step(1) }, 'Older');
        this.content = el('div', { class: 'batch-content' });
        this.error = el('p', { class: 'hint', role: 'status' });
        this.node = el('section', { class: 'batches', 'aria-labelledby': 'batches-title' },
            el('h2', { id: 'batches-title' }, 'Batches'),
            el('div', { class: 'tools' }, el('label', {}, 'Batch ', this.first), this.newer, this.older,
                el('label', {}, 'compared with ', this.second), this.copyButton),
            this.error, this.content);
    }

    /** Loads which batches there are; the batch that is shown stays where it still is there. */
    async load(signal) {
        const { batches } = await loadBatches(this.id, signal);
        this.list = [];
        this.isWhole = false;
        this.merge(batches);
        this.isTouched = true;
    }

    /** Puts batches where their times have them, each once. */
    merge(batches) {
        const known = new Set(this.list.map(key));
        const added = batches.filter((batch) => !known.has(key(batch)));
        this.list = [...this.list, ...added].sort((a, b) => (b.time ?? -Infinity) - (a.time ?? -Infinity) || b.batchId - a.batchId);
        return added.length;
    }

    /** A batch has come; it goes on top, without a question to the server, with the next drawing. */
    add(batch) {
        if (batch.runId === null || batch.runId === undefined || batch.batchId === null || batch.batchId === undefined) return;
        const isKnown = this.list.some((other) => other.runId === batch.runId && other.batchId === batch.batchId);
        if (isKnown) return;
        this.list.unshift(batch);
        this.list.length = Math.min(this.list.length, mostBatches);
        this.isTouched = true;
    }

    /** Puts what has come into the menus. */
    draw() {
        // A menu that is open must not change under the pointer.
        if (!this.isTouched || document.activeElement === this.first || document.activeElement === this.second) return;
        this.isTouched = false;
        const shown = this.first.value;
        this.fill();
        if (this.first.value !== shown || this.list.length === 0) this.show();
    }

    fill() {
        const [first, second] = [this.first.value, this.second.value];
        const options = () => this.list.map((batch) => el('option', { value: key(batch) }, `${batch.batchId} · ${moment(batch.time)}${this.runWord(batch)}`));
        this.first.replaceChildren(...options());
        this.second.replaceChildren(el('option', { value: '' }, 'none'), ...options());
        const has = (value) => this.list.some((batch) => key(batch) === value);
        if (has(first)) this.first.value = first;
        this.second.value = has(second) ? second : '';
    }

    /** Runs are told apart where there is more than one, since a batch's number can come again. */
    runWord(batch) {
        return this.list.some((other) => other.runId !== this.list[0].runId) ? ` · run ${batch.runId.slice(0, 8)}` : '';
    }

    /** Shows the batch of a point in the charts, which the server may know by its time only. */
    async choose(batchId, time) {
        const find = () => this.list.filter((batch) => batch.batchId === batchId && Math.abs(batch.time - time) <= nearby)
            .sort((a, b) => Math.abs(a.time - time) - Math.abs(b.time - time))[0];
        let batch = find();
        if (!batch && await this.loadMore({ from: time - nearby, to: time + nearby, limit: 500 })) batch = find();
        if (!batch) {
            setText(this.error, `The JSON of batch ${batchId ?? '–'} is not kept any more.`);
        } else {
            this.first.value = key(batch);
            this.show();
        }
        this.node.scrollIntoView({ block: 'start' });
    }

    /** Loads batches that are not in the menus; false where there are none. */
    async loadMore(range) {
        try {
            const { batches } = await loadBatches(this.id, undefined, range);
            if (this.merge(batches) === 0) return false;
            this.fill();
            return true;
        } catch (error) {
            setText(this.error, `Earlier batches could not be loaded: ${error.message}`);
            return false;
        }
    }

    async step(by) {
        const oldest = this.list.at(-1)?.time;
        const options = () => this.first.options.length;
        if (this.first.selectedIndex + by >= options() && !this.isWhole) {
            this.isWhole = typeof oldest !== 'number' || !await this.loadMore({ to: oldest - 1, limit: 100 });
        }
        const place = this.first.selectedIndex + by;
        if (place >= options()) this.older.disabled = true;
        if (place < 0 || place >= options()) return;
        this.first.selectedIndex = place;
        this.show();
    }

    async show() {
        const find = (value) => this.list.find((batch) => key(batch) === value);
        const [first, second] = [find(this.first.value), find(this.second.value)];
        const shown = `${this.first.value}|${this.second.value}`;
        this.wanted = shown;
        this.newer.disabled = this.first.selectedIndex <= 0;
        this.older.disabled = this.isWhole && this.first.selectedIndex >= this.first.options.length - 1;
        this.copyButton.disabled = !first;
        if (!first) {
            setText(this.error, 'No batch’s JSON is kept.');
            return this.content.replaceChildren();
        }
        try {
            const [json, other] = await Promise.all([loadBatch(this.id, first), second ? loadBatch(this.id, second) : null]);
            if (this.wanted !== shown) return;
            this.json = json;
            setText(this.error, '');
            this.content.replaceChildren(second ? difference(other, json, second, first) : el('pre', { tabindex: 0, 'aria-label': `JSON of batch ${first.batchId}` }, JSON.stringify(json, null, 2)));
        } catch (error) {
            if (this.wanted !== shown) return;
            this.json = null;
            this.content.replaceChildren();
            setText(this.error, error.status === 404 ? 'The JSON of this batch is not kept any more.' : `The batch could not be loaded: ${error.message}`);
        }
    }

    async copy() {
        if (!this.json) return;
        const isCopied = await copy(JSON.stringify(this.json, null, 2));
        setText(this.copyButton, isCopied ? 'Copied' : 'Not allowed');
        say(isCopied ? 'Copied' : 'The browser did not allow it');
        setTimeout(() => setText(this.copyButton, 'Copy JSON'), 1_500);
    }
}

const key = (batch) => `${batch.runId}/${batch.batchId}`;

function difference(before, after, first, second) {
    const found = differences(before, after);
    if (found.length === 0) return el('p', { class: 'hint' }, 'Both are the same.');
    return el('div', { class: 'scrolls' }, el('table', { class: 'diff' },
        el('caption', {}, `${whole(found.length)} of the fields differ`),
        el('thead', {}, el('tr', {}, ['Field', `Batch ${first.batchId}`, `Batch ${second.batchId}`, 'Change'].map((text) => el('th', { scope: 'col', class: text === 'Change' ? 'number' : null }, text)))),
        el('tbody', {}, found.map((entry) => el('tr', { 'data-kind': entry.before === undefined ? 'added' : entry.after === undefined ? 'removed' : 'changed' },
            el('th', { scope: 'row' }, entry.path), el('td', {}, text(entry.before)), el('td', {}, text(entry.after)), el('td', { class: 'number' }, changeText(entry)))))));
}

const text = (value) => (value === undefined ? '–' : typeof value === 'string' ? value : JSON.stringify(value));

function changeText(entry) {
    if (entry.before === undefined) return 'added';
    if (entry.after === undefined) return 'removed';
    const by = change(entry);
    if (by === null) return '';
    return `${by > 0 ? '+' : ''}${exact(by)}`;
}
