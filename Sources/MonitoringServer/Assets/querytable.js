// The table of all queries: which rows are there, in which order, and where the reader is.

import { el, setAttribute, setText } from './dom.js';
import { columns, filtered, sorted } from './order.js';
import { QueryRow } from './queryrow.js';
import { go, queryPath } from './router.js';

/** Rows keep their places so long while figures change: a row that jumps each second cannot be read, let alone clicked. */
const orderHolds = 10_000;

/** The row where the reader was, also when they come back from its query. */
let lastId = null;

export class QueryTable {
    rows = new Map();
    shown = [];
    text = '';
    states = new Set();
    orderedAt = 0;

    constructor(store, { column, descends, sorted: changed }) {
        this.store = store;
        this.sort = { column, descends };
        this.changed = changed;
        this.body = el('tbody', { role: 'rowgroup', onfocusin: (event) => { lastId = event.target.closest('tr').dataset.id; } });
        this.heads = new Map(Object.entries(columns).map(([name, spec]) => [name, this.head(name, spec)]));
        this.node = el('table', { class: 'queries', role: 'table', 'aria-label': 'Queries' },
            el('thead', { role: 'rowgroup' }, el('tr', { role: 'row' }, [...this.heads.values()])), this.body);
        this.markSort();
    }

    head(name, spec) {
        const content = spec.value
            ? el('button', { type: 'button', title: spec.hint, onclick: () => this.sortByHead(name, spec) }, spec.label, el('span', { class: 'arrow', 'aria-hidden': 'true' }))
            : el('span', { title: spec.hint }, spec.label);
        return el('th', { class: `c-${name}`, scope: 'col', role: 'columnheader' }, content);
    }

    sortByHead(name, spec) {
        const isSame = this.sort.column === name;
        this.sortBy(name, isSame ? !this.sort.descends : spec.descends === true);
    }

    sortBy(column, descends) {
        this.sort = { column, descends };
        this.markSort();
        this.changed(this.sort);
        this.draw();
    }

    markSort() {
        for (const [name, head] of this.heads) {
            const isSorted = name === this.sort.column;
            setAttribute(head, 'aria-sort', isSorted ? (this.sort.descends ? 'descending' : 'ascending') : null);
            const arrow = head.querySelector('.arrow');
            if (arrow) setText(arrow, isSorted ? (this.sort.descends ? '▾' : '▴') : '');
        }
    }

    setFilter(text, states) {
        this.text = text;
        this.states = states;
    }

    /** Draws everything in its right order, or only the rows that changed. */
    draw(changes) {
        const now = this.store.now();
        const isSettled = changes && !changes.isReordered && performance.now() - this.orderedAt < orderHolds;
        if (!isSettled) {
            this.arrange(now);
            if (!changes) for (const query of this.shown) this.rows.get(query.id).update(query, now);
        }
        if (!changes) return;
        for (const id of changes.rows) {
            const query = this.store.rows.get(id);
            if (query) this.rows.get(id)?.update(query, now);
        }
    }

    /** Makes and drops rows and puts them in order. Only those that are not where they belong are moved. */
    arrange(now) {
        this.orderedAt = performance.now();
        this.shown = sorted(filtered(this.store.rows.values(), this.text, this.states), this.sort.column, this.sort.descends);
        for (const [id, row] of this.rows) {
            if (this.store.rows.has(id)) continue;
            row.node.remove();
            this.rows.delete(id);
        }
        const wanted = new Set();
        let place = this.body.firstChild;
        for (const query of this.shown) {
            let row = this.rows.get(query.id);
            if (!row) {
                row = new QueryRow(query);
                row.update(query, now);
                this.rows.set(query.id, row);
            }
            wanted.add(row.node);
            if (row.node === place) place = place.nextSibling;
            else this.body.insertBefore(row.node, place);
        }
        while (place) {
            const next = place.nextSibling;
            if (!wanted.has(place)) place.remove();
            place = next;
        }
        if (this.isPlaced || this.shown.length === 0) return;
        this.isPlaced = true;
        if (wanted.has(this.rows.get(lastId)?.node)) this.rows.get(lastId).node.scrollIntoView({ block: 'center' });
    }

    tick() {
        const now = this.store.now();
        for (const query of this.shown) {
            const row = this.rows.get(query.id);
            if (row && !row.isSkipped) row.tick(now);
        }
    }

    // MARK: The reader's place, which is the row that has the focus

    get place() {
        const id = document.activeElement?.closest?.('tr[data-id]')?.dataset.id ?? lastId;
        return this.shown.findIndex((query) => query.id === id);
    }

    move(step) {
        if (this.shown.length === 0) return;
        const isInside = this.body.contains(document.activeElement);
        const place = this.place;
        const next = place < 0 ? (step > 0 ? 0 : this.shown.length - 1)
            : isInside ? Math.max(0, Math.min(this.shown.length - 1, place + step)) : place;
        const { id } = this.shown[next];
        const { node, link } = this.rows.get(id);
        node.scrollIntoView({ block: 'nearest' });
        link.focus({ preventScroll: true });
    }

    /** Opens the row where the reader is; a link that has the focus is opened by the browser. */
    enter() {
        const isNowhere = document.activeElement === document.body || document.activeElement?.id === 'main';
        if (!isNowhere || lastId === null) return false;
        go(queryPath(lastId));
        return true;
    }
}
