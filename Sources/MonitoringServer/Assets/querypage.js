// The page of one query.

import { alertItem } from './alertlist.js';
import { loadAlerts, loadQuery } from './api.js';
import { Batches } from './batches.js';
import { ChartBoard } from './chartboard.js';
import { copy, el, refill, say, setText, timeElement } from './dom.js';
import { customTable, failure, phaseTable, tiles, verdict } from './facts.js';
import { duration, moment } from './format.js';
import { LagTable } from './lagtable.js';
import { sorted } from './order.js';
import { PastPoints } from './pastpoints.js';
import { QueryHistory } from './queryhistory.js';
import { go, home, queryPath } from './router.js';
import { stateMark, updateMark } from './states.js';
import { title } from './store.js';
import { transitionList } from './transitions.js';

export class QueryPage {
    query = null;
    history = new QueryHistory();
    restarts = [];
    transitions = [];
    partitions = [];
    /** What was told while an answer is on its way, which may be older; null when none is. */
    early = null;
    /** The row that was looked at last. */
    seenRow = null;

    constructor(store, id) {
        this.store = store;
        this.id = id;
        this.title = title(store.rows.get(id) ?? { id });
        this.board = new ChartBoard({
            chosen: (index) => this.choose(this.board.data.history, index),
            points: (from, to) => this.past?.points(from, to) ?? this.history,
        });
        this.lag = new LagTable();
        this.batches = new Batches(id);
        this.mark = stateMark('unknown');
        this.heading = el('h1', {}, this.title);
        this.reason = el('p', { class: 'state-reason' });
        this.ids = el('dl', { class: 'ids' });
        const slot = () => el('div', { class: 'slot' });
        [this.failure, this.alertSlot, this.tiles, this.verdict, this.phases, this.custom, this.changes] = Array.from({ length: 7 }, slot);
        this.details = el('div', { class: 'details', hidden: true }, this.failure, this.alertSlot, this.tiles, this.verdict, this.board.node,
            this.lag.node, el('div', { class: 'columns' }, this.phases, this.custom), this.changes, this.batches.node);
        this.notice = el('p', { class: 'notice' }, 'Loading…');
        this.root = el('article', { class: 'query' },
            el('nav', { 'aria-label': 'Breadcrumb' }, el('a', { href: home() }, '← All queries')),
            el('header', {}, el('div', { class: 'title' }, this.heading, this.mark), this.reason, this.ids), this.notice, this.details);
    }

    async load(signal) {
        this.early = [];
        const [detail, alerts] = await Promise.all([loadQuery(this.id, signal), loadAlerts(signal)]);
        this.query = detail.query;
        this.history = new QueryHistory(detail.history);
        this.past = new PastPoints({
            id: this.id, recent: this.history, changed: () => this.board.complete(this.marks()),
            failed: (error) => say(`Earlier batches could not be loaded: ${error.message}`),
        });
        this.restarts = detail.restarts ?? [];
        this.transitions = detail.transitions ?? [];
        this.partitions = detail.partitions ?? [];
        const { early } = this;
        this.early = null;
        this.seenRow = null;
        for (const take of early) take();
        this.store.heard(detail.at);
        this.store.replaceAlerts(alerts);
        await this.batches.load(signal);
    }

    /** Goes to the batch of a point; one that is about several goes to none. */
    choose(history, index) {
        if (history.stepSeconds === 0) this.batches.choose(history.columns.batchId[index], history.time[index]);
    }

    /** True where the page itself says what went wrong. */
    fail(error) {
        if (error.status !== 404) return false;
        this.details.hidden = true;
        this.notice.hidden = false;
        setText(this.notice, 'No query with this id is known: none has been heard of, or it ended so long ago that it was forgotten.');
        return true;
    }

    takePoint(told) {
        const { id, point, query, partitions } = told;
        if (id !== this.id) return;
        this.early?.push(() => this.takePoint(told));
        if (this.query === null || this.query.at > query.at) return;
        this.isTouched = true;
        this.before = this.query.customMetrics;
        this.takeQuery(query);
        this.partitions = partitions ?? this.partitions;
        // Of a counter of which the server keeps no points there is a chart from when it is chosen on.
        const isLast = query.batchId === point.batchId;
        this.history.append(isLast ? { ...point, customMetrics: { ...this.board.custom.chosenOf(query.customMetrics), ...point.customMetrics } } : point);
        this.batches.add({ runId: query.runId, batchId: point.batchId, time: point.time });
    }

    /** A run that is new began with a restart; the mark's time is the one that the server will give as well. */
    takeQuery(query) {
        if (query.runId && this.query.runId && query.runId !== this.query.runId && typeof query.runSince === 'number') this.restarts.push(query.runSince);
        this.query = query;
    }

    takeRemoved(ids) {
        if (!ids.includes(this.id)) return;
        this.isForgotten = true;
        this.isTouched = true;
    }

    takeTransition(transition) {
        if (transition.id !== this.id) return;
        this.early?.push(() => this.takeTransition(transition));
        if (this.query === null) return;
        const isKnown = this.transitions.some((other) => other.at === transition.at && other.to === transition.to);
        if (isKnown) return;
        this.isTouched = true;
        this.transitions.push(transition);
        Object.assign(this.query, { state: transition.to, stateReason: transition.reason, stateSeconds: 0 });
    }

    draw(changes) {
        const row = this.store.rows.get(this.id);
        const isOthers = changes && !this.isTouched && !changes.hasAlerts && !changes.rows.has(this.id);
        if (isOthers) return;
        this.isTouched = false;
        // Its row tells of what no point does: a restart before the first batch, a failure, silence.
        if (this.query && row && row !== this.seenRow && row.at >= this.query.at) {
            const { customMetrics, phases, lags } = this.query;
            this.takeQuery({ ...row, customMetrics, phases, lags });
        }
        if (this.query) this.seenRow = row;
        const { query } = this;
        this.details.hidden = query === null;
        if (query === null) {
            if (row) updateMark(this.mark, row.state);
            return;
        }
        this.notice.hidden = !this.isForgotten;
        if (this.isForgotten) setText(this.notice, 'The server has forgotten this query, which was quiet for too long. These are its last figures.');
        const now = this.store.now();
        this.title = title(query);
        this.drawHeader(now);
        this.tiles.replaceChildren(tiles(query));
        this.keepOpen(this.failure, failure(query.failure, now), JSON.stringify(query.failure ?? null));
        this.keepOpen(this.verdict, verdict(query.sizing), JSON.stringify(query.sizing ?? null));
        this.drawAlerts(now);
        this.drawBoard(now);
        this.lag.draw(query, this.partitions);
        refill(this.phases, [phaseTable(query)]);
        refill(this.custom, [customTable(query, this.before)]);
        refill(this.changes, [transitionList(this.transitions, now)]);
        this.batches.draw();
    }

    /** Replaces a part only when it is another: details that are open stay open, a text that is selected stays so. */
    keepOpen(slot, node, key) {
        if (slot.shownKey === key) return;
        slot.shownKey = key;
        refill(slot, [node]);
    }

    drawHeader(now) {
        const { query } = this;
        setText(this.heading, title(query));
        updateMark(this.mark, query.state);
        setText(this.reason, query.stateReason ? `${query.stateReason}.`.replace(/\.\.$/, '.') : '');
        const age = (milliseconds) => duration(Math.max(0, Math.round((now - milliseconds) / 1000)));
        const isEnded = query.state === 'failed' || query.state === 'terminated';
        const heard = typeof query.lastEventAgeSeconds === 'number' ? query.at - query.lastEventAgeSeconds * 1000 : null;
        const known = typeof query.runSince === 'number';
        const facts = [
            [isEnded ? 'Run began' : 'Running since', known ? el('span', {}, timeElement(query.runSince, moment(query.runSince, now)), isEnded ? '' : `, for ${age(query.runSince)}`) : '–'],
            ['Last event', heard === null ? '–' : el('span', {}, timeElement(heard, age(heard)), ' ago')],
            ['Id', this.copyable(query.id)], ['Run', query.runId ? this.copyable(query.runId) : '–'], ['Sink', query.sink ?? '–'],
        ];
        const key = facts.map(([name, value]) => name + (value.textContent ?? value)).join('|');
        if (this.ids.shownKey === key) return;
        // A button that has the focus must not be taken away under the finger.
        if (this.ids.contains(document.activeElement)) return;
        this.ids.shownKey = key;
        this.ids.replaceChildren(...facts.map(([name, value]) => el('div', {}, el('dt', {}, name), el('dd', {}, value))));
    }

    copyable(text) {
        return el('button', { type: 'button', class: 'copyable', title: 'Copy', onclick: async () => say(await copy(text) ? 'Copied' : 'Not allowed') }, text);
    }

    drawAlerts(now) {
        const shown = this.store.alertsOf(this.id).slice(0, 20);
        refill(this.alertSlot, shown.length === 0 ? [] : [el('section', { class: 'alert-strip', 'aria-label': 'Alerts of this query' },
            el('ul', { class: 'alerts' }, shown.map((alert) => alertItem(alert, now, { withQuery: false }))))]);
    }

    drawBoard(now) {
        this.board.show({ recent: this.history, query: this.query, ...this.marks(), now });
    }

    marks() {
        return { restarts: this.past.withRestarts(this.restarts), transitions: this.past.withTransitions(this.transitions) };
    }

    /** Ages go on, and the charts move on to now. */
    tick() {
        if (this.query === null) return;
        const now = this.store.now();
        this.drawHeader(now);
        this.drawBoard(now);
    }

    key(event) {
        if (this.board.key(event)) return true;
        if (event.key !== 'j' && event.key !== 'k') return false;
        const all = sorted([...this.store.rows.values()], 'state', false);
        const place = all.findIndex((query) => query.id === this.id);
        const next = all[place + (event.key === 'j' ? 1 : -1)];
        if (place >= 0 && next) go(queryPath(next.id));
        return true;
    }

    close() { this.board.close(); }
}
