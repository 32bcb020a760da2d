// A batch's progress as it came, and the difference of two.

import { loadBatch, loadBatches } from './api.js';
import { copy, el, say, setText } from './dom.js';
import { change, differences } from './diff.js';
import { exact, moment, whole } from './format.js';

/** Batches in a menu at most, and how many more are asked for at once. */
const mostBatches = 1_000;
const more = 100;

/** How far from a point's time its batch's own may be, in milliseconds. */
const nearby = 1_000;

/** The batches in the menus, the newest first: those next to each other, up to now or, after going back, up to some time before. */
export class Batches {
    list = [];
    /** Whether newer ones are known that are not in the list. */
    isPast = false;
    /** Whether no older ones are kept. */
    isWhole = false;
    isLoading = false;
    /** Which list it is: an answer to a question about another one is of no use. */
    generation = 0;
    /** What came while the list is loaded; null when it is not. */
    early = null;

    constructor(id) {
        this.id = id;
        this.first = el('select', { onchange: () => this.show() });
        this.second = el('select', { onchange: () => this.show() });
        this.copyButton = el('button', { type: 'button', onclick: () => this.copy() }, 'Copy JSON');
        this.newest = el('button', { type: 'button', hidden: true, onclick: () => this.goToNewest() }, 'Newest');
        this.newer = el('button', { type: 'button', onclick: () => this.step(-1) }, 'Newer');
        this.older = el('button', { type: 'button', onclick: () => this.step(1) }, 'Older');
        this.content = el('div', { class: 'batch-content' });
        this.error = el('p', { class: 'hint', role: 'status' });
        this.node = el('section', { class: 'batches', 'aria-labelledby': 'batches-title' },
            el('h2', { id: 'batches-title' }, 'Batches'),
            el('div', { class: 'tools' }, el('label', {}, 'Batch ', this.first), this.newest, this.newer, this.older,
                el('label', {}, 'compared with ', this.second), this.copyButton),
            this.error, this.content);
    }

    /** Loads which batches there are; who has gone back stays there. */
    async load(signal) {
        if (this.isPast) return;
        const early = [];
        this.early = early;
        let batches;
        try {
            ({ batches } = await loadBatches(this.id, signal));
        } finally {
            // Another load may have begun.
            if (this.early === early) this.early = null;
        }
        if (this.isPast) return;
        const shown = this.first.value;
        if (shown !== '' && this.list.some((batch) => key(batch) === shown) && !batches.some((batch) => key(batch) === shown)) {
            // An older one is read: what is next to it stays.
            this.leaveThePresent();
            return;
        }
        this.replace(batches);
        // What came while the answer was on its way is not in it.
        for (const batch of early) this.add(batch);
    }

    replace(batches) {
        this.list = batches;
        this.isWhole = false;
        this.isTouched = true;
        this.generation += 1;
    }

    /** From now on the list is of some time before, and what comes is not next to it. */
    leaveThePresent() {
        this.isPast = true;
        this.isTouched = true;
    }

    /** A batch has come; it goes on top, without a question to the server, with the next drawing. */
    add(batch) {
        if (this.isPast || batch.runId === null || batch.runId === undefined || batch.batchId === null || batch.batchId === undefined) return;
        this.early?.push(batch);
        const isKnown = this.list.some((other) => other.runId === batch.runId && other.batchId === batch.batchId);
        if (isKnown) return;
        if (this.list.length >= mostBatches && key(this.list.at(-1)) === this.first.value) return this.leaveThePresent();
        this.list.unshift(batch);
        if (this.list.length > mostBatches) {
            this.list.pop();
            this.isWhole = false;
        }
        this.isTouched = true;
    }

    /** Puts what has come into the menus. */
    draw() {
        // A menu that is open must not change under the pointer.
        if (!this.isTouched || document.activeElement === this.first || document.activeElement === this.second) return;
        this.isTouched = false;
        const shown = this.first.value;
        this.fill();
        this.enable();
        if (this.first.value !== shown || this.list.length === 0) this.show();
    }

    fill() {
        const [first, second] = [this.first.value, this.second.value];
        // Runs are told apart where there is more than one, since a batch's number can come again.
        const hasRuns = this.list.some((batch) => batch.runId !== this.list[0].runId);
        const word = (batch) => (hasRuns ? ` · run ${batch.runId.slice(0, 8)}` : '');
        const options = this.list.map((batch) => el('option', { value: key(batch) }, `${batch.batchId} · ${moment(batch.time)}${word(batch)}`));
        this.first.replaceChildren(...options);
        this.second.replaceChildren(el('option', { value: '' }, 'none'), ...options.map((option) => option.cloneNode(true)));
        const known = new Set(this.list.map(key));
        if (known.has(first)) this.first.value = first;
        this.second.value = known.has(second) ? second : '';
        this.newest.hidden = !this.isPast;
    }

    /** Shows the batch of a point in the charts, which the server may know by its time only. */
    async choose(batchId, time) {
        const find = (list) => list.filter((batch) => batch.batchId === batchId && Math.abs(batch.time - time) <= nearby)
            .sort((a, b) => Math.abs(a.time - time) - Math.abs(b.time - time))[0];
        let batch = find(this.list);
        if (!batch) {
            const found = await this.ask({ to: Math.ceil(time + nearby), limit: more });
            batch = find(found ?? []);
            if (batch) {
                this.replace(found);
                this.leaveThePresent();
                this.fill();
            } else if (found) {
                setText(this.error, `The JSON of batch ${batchId ?? '–'} is not kept any more.`);
            }
        }
        if (batch) {
            this.first.value = key(batch);
            this.show();
        }
        this.node.scrollIntoView({ block: 'start' });
    }

    /** Asks for batches of a time; null where that failed, which is told, where another question is on its way, or the list is another one. */
    async ask(range) {
        if (this.isLoading) return null;
        this.isLoading = true;
        const { generation } = this;
        try {
            const { batches } = await loadBatches(this.id, undefined, range);
            return generation === this.generation ? batches : null;
        } catch (error) {
            setText(this.error, `Other batches could not be loaded: ${error.message}`);
            return null;
        } finally {
            this.isLoading = false;
        }
    }

    async step(by) {
        // What is loaded moves it, and so does what comes meanwhile.
        const place = () => this.first.selectedIndex + by;
        if (place() >= this.first.options.length) await this.loadOlder();
        if (place() < 0) await this.loadNewer();
        if (place() < 0 || place() >= this.first.options.length) return this.enable();
        this.first.selectedIndex = place();
        this.show();
    }

    async loadOlder() {
        const oldest = this.list.at(-1)?.time;
        if (this.isWhole || typeof oldest !== 'number') return;
        const found = await this.ask({ to: oldest - 1, limit: more });
        if (!found) return;
        this.isWhole = found.length === 0;
        this.list.push(...found);
        const surplus = Math.max(0, this.list.length - mostBatches);
        if (surplus > 0) [this.list, this.isPast] = [this.list.slice(surplus), true];
        this.fill();
    }

    /** Loads those that come next: of a time that is longer and longer until there are some, and shorter where there are too many. */
    async loadNewer() {
        const newest = this.list[0]?.time;
        if (!this.isPast || typeof newest !== 'number') return;
        for (let [from, length] = [newest + 1, 60_000]; ;) {
            const found = await this.ask({ from, to: from + length, limit: mostBatches });
            if (!found) return;
            if (found.length === mostBatches && length > 1_000) {
                // These are the last of them, and the first are wanted.
                length = Math.floor(length / 2);
                continue;
            }
            if (found.length > 0) {
                this.list.unshift(...found);
                break;
            }
            if (from + length > Date.now()) {
                // There is nothing newer: what comes from now on is next to these.
                this.isPast = false;
                break;
            }
            from += length + 1;
            length *= 2;
        }
        if (this.list.length > 2 * mostBatches) [this.list, this.isWhole] = [this.list.slice(0, 2 * mostBatches), false];
        this.fill();
    }

    async goToNewest() {
        if (this.isLoading) return;
        this.isLoading = true;
        try {
            const { batches } = await loadBatches(this.id);
            this.replace(batches);
            this.isPast = false;
        } catch (error) {
            return setText(this.error, `Other batches could not be loaded: ${error.message}`);
        } finally {
            this.isLoading = false;
        }
        this.fill();
        this.first.selectedIndex = 0;
        this.show();
    }

    enable() {
        this.newer.disabled = !this.isPast && this.first.selectedIndex <= 0;
        this.older.disabled = this.isWhole && this.first.selectedIndex >= this.first.options.length - 1;
    }

    async show() {
        const find = (value) => this.list.find((batch) => key(batch) === value);
        const [first, second] = [find(this.first.value), find(this.second.value)];
        const shown = `${this.first.value}|${this.second.value}`;
        this.wanted = shown;
        this.enable();
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
