// The page of all queries: counts by state, what fires, and the table.

import { alertItem } from './alertlist.js';
import { loadAlerts, loadQueries } from './api.js';
import { el, refill, say, setAttribute, setText } from './dom.js';
import { counted, whole } from './format.js';
import { columns } from './order.js';
import { setParameters } from './router.js';
import { RuleList } from './rulelist.js';
import { stateMark, states, stateWord } from './states.js';
import { QueryTable } from './querytable.js';

/** Alerts that are shown before the rest is asked for. */
const fewAlerts = 3;

export class Overview {
    constructor(store) {
        this.store = store;
        this.title = 'Queries';
        const parameters = new URLSearchParams(location.search);
        this.states = new Set((parameters.get('state') ?? '').split(',').filter((state) => states.includes(state)));
        const [column, direction] = (parameters.get('sort') ?? '').split(':');
        this.table = new QueryTable(store, {
            column: Object.hasOwn(columns, column) && columns[column].value ? column : 'state', descends: direction === 'down',
            sorted: (sort) => this.sortChanged(sort),
        });
        this.build(parameters.get('q') ?? '');
        this.table.setFilter(this.filter.value, this.states);
        this.sortChanged(this.table.sort);
    }

    build(text) {
        this.chips = new Map(states.map((state) => {
            const number = el('span', { class: 'chip-count' });
            const chip = el('button', { type: 'button', class: 'chip', 'data-state': state, 'aria-pressed': 'false', onclick: () => this.toggle(state) },
                number, stateMark(state));
            chip.number = number;
            return [state, chip];
        }));
        this.total = el('h1', {}, 'Queries');
        this.filter = el('input', {
            type: 'search', id: 'filter', placeholder: 'Filter by name, id or state', 'aria-label': 'Filter the queries', value: text,
            autocomplete: 'off', spellcheck: 'false', 'aria-keyshortcuts': '/', oninput: () => this.filterChanged(),
        });
        this.shown = el('span', { class: 'shown', role: 'status' });
        this.sorter = el('select', { 'aria-label': 'Sort by', onchange: () => this.table.sortBy(this.sorter.value, columns[this.sorter.value].descends === true) },
            Object.entries(columns).filter(([, column]) => column.value).map(([name, column]) => el('option', { value: name }, column.label)));
        this.alertList = el('ul', { class: 'alerts' });
        this.moreAlerts = el('button', { type: 'button', class: 'quiet', hidden: true, onclick: () => { this.showsAll = !this.showsAll; this.drawAlerts(); } });
        this.alerts = el('section', { class: 'alert-strip', 'aria-label': 'Firing alerts', hidden: true }, this.alertList, this.moreAlerts);
        this.rules = new RuleList();
        this.empty = el('p', { class: 'notice' }, 'Loading…');
        this.root = el('div', { class: 'overview' },
            el('div', { class: 'summary' }, this.total,
                el('div', { class: 'chips', role: 'group', 'aria-label': 'Show only queries in these states' }, [...this.chips.values()])),
            this.alerts,
            el('div', { class: 'tools' }, this.filter, el('label', { class: 'sorter' }, 'Sort by ', this.sorter), this.shown),
            this.table.node, this.empty, this.rules.node);
    }

    async load(signal) {
        const told = this.store.noteTold();
        try {
            const [list, alerts] = await Promise.all([loadQueries(signal), loadAlerts(signal)]);
            this.store.replace(list, told);
            this.store.replaceAlerts(alerts);
        } finally {
            this.store.forgetTold(told);
        }
    }

    /** Draws everything, or only what changed. */
    draw(changes) {
        // Events can come before the list: a few rows of a thousand would look like all there are.
        if (!this.store.isLoaded) return;
        this.table.draw(changes);
        if (!changes || changes.rows.size > 0 || changes.isReordered) this.drawCounts();
        if (!changes || changes.hasAlerts) this.drawAlerts();
    }

    drawCounts() {
        const { store } = this;
        const counts = store.counts();
        setText(this.total, counted(store.rows.size, 'query', 'queries'));
        for (const [state, chip] of this.chips) {
            const count = counts.get(state) ?? 0;
            setText(chip.number, whole(count));
            setAttribute(chip, 'aria-pressed', String(this.states.has(state)));
            setAttribute(chip, 'data-empty', count === 0);
        }
        const shown = this.table.shown.length;
        const isFiltered = shown !== store.rows.size;
        setText(this.shown, isFiltered ? `${whole(shown)} of ${whole(store.rows.size)} shown` : '');
        this.empty.hidden = shown > 0;
        this.table.node.hidden = shown === 0;
        if (shown > 0) return;
        if (store.rows.size > 0) setText(this.empty, 'No query matches. Esc clears the filter.');
        else setText(this.empty, 'No query has been heard of yet. A query appears with its first event.');
    }

    drawAlerts() {
        const firing = this.store.alertsIn('firing');
        const pending = this.store.alertsIn('pending').length;
        this.alerts.hidden = firing.length === 0;
        const shown = this.showsAll ? firing : firing.slice(0, fewAlerts);
        const now = this.store.now();
        refill(this.alertList, shown.map((alert) => alertItem(alert, now)));
        this.rules.draw(this.store.rules);
        this.moreAlerts.hidden = firing.length <= fewAlerts;
        setText(this.moreAlerts, this.showsAll ? 'Show fewer' : `Show all ${counted(firing.length, 'firing alert')}${pending ? `, ${pending} pending` : ''}`);
        setAttribute(this.moreAlerts, 'aria-expanded', String(Boolean(this.showsAll)));
    }

    /** Ages go on; a text that is being selected stays. */
    tick() {
        this.table.tick();
        const selection = getSelection();
        const isSelecting = !selection.isCollapsed && this.alerts.contains(selection.anchorNode);
        if (!this.alerts.hidden && !isSelecting) this.drawAlerts();
    }

    // MARK: What the reader does

    filterChanged() {
        this.table.setFilter(this.filter.value, this.states);
        setParameters({ q: this.filter.value, state: [...this.states].join(',') });
        this.draw();
    }

    toggle(state) {
        if (!this.states.delete(state)) this.states.add(state);
        this.filterChanged();
        say(this.states.size > 0 ? `Showing ${[...this.states].map(stateWord).join(', ')}` : 'Showing all states');
    }

    sortChanged({ column, descends }) {
        this.sorter.value = column;
        const isDefault = column === 'state' && !descends;
        setParameters({ sort: isDefault ? '' : `${column}${descends ? ':down' : ''}` });
    }

    /** True for a key that was taken. */
    key(event) {
        switch (event.key) {
        case '/': this.filter.focus(); this.filter.select(); return true;
        case 'j': this.table.move(1); return true;
        case 'k': this.table.move(-1); return true;
        case 'Enter': return this.table.enter();
        case 'Escape': return this.clear();
        default: return false;
        }
    }

    clear() {
        if (this.filter.value === '' && this.states.size === 0) {
            document.activeElement?.blur();
            return true;
        }
        this.filter.value = '';
        this.states.clear();
        this.filterChanged();
        return true;
    }

    close() {}
}
