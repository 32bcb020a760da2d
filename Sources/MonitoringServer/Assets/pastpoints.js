// Points of times before those that the page has of each trigger: asked for when the charts go there, in steps where the time is long.

import { loadHistory } from './api.js';
import { QueryHistory } from './queryhistory.js';

/** Milliseconds until a question that failed is asked again. */
const pause = 60_000;

export class PastPoints {
    restarts = new Set();
    transitions = [];
    /** From here on every trigger is among the recent points. */
    rawFrom = Infinity;
    /** From here on the server knew nothing older than the recent points, which is taken for true until some moment. */
    nothing = { from: Infinity, until: 0 };
    /** What a long time has in steps: `from`, `to`, `history`. */
    rolled = null;
    isAsking = false;
    askAgainAt = 0;

    /** @param told `id` of the query, `recent` points, to which older triggers are added, `changed()` and `failed(error)`. */
    constructor({ id, recent, changed, failed }) {
        Object.assign(this, { id, recent, changed, failed });
    }

    /** What there is to draw of a time; more is asked for where it is missing, and told when it is there. */
    points(from, to) {
        const first = this.recent.time[0] ?? Infinity;
        // Points that were here and went for lack of room may still be had.
        const isLost = from <= this.recent.lostUntil && !(from >= this.nothing.from && Date.now() < this.nothing.until);
        if (from >= first || (from >= this.rawFrom && !isLost)) return this.recent;
        const { rolled } = this;
        // Of a part of it there may be more to see.
        const isFine = rolled && rolled.from <= from && (to - from) * 4 >= rolled.to - rolled.from;
        const isFresh = isFine && to <= rolled.to + Math.max(60_000, rolled.history.stepSeconds * 1000);
        if (!isFresh) this.ask(from, to);
        return isFine ? rolled.history : this.recent;
    }

    async ask(from, to) {
        if (this.isAsking || Date.now() < this.askAgainAt) return;
        this.isAsking = true;
        try {
            const answer = await loadHistory(this.id, from, to);
            this.take(answer, from, to);
            this.changed();
        } catch (error) {
            // What is here stays as it is.
            this.askAgainAt = Date.now() + pause;
            this.failed(error);
        } finally {
            this.isAsking = false;
        }
    }

    take(answer, from, to) {
        for (const time of answer.restarts) this.restarts.add(time);
        const known = new Set(this.transitions.map((change) => `${change.at} ${change.to}`));
        this.transitions.push(...answer.transitions.filter((change) => !known.has(`${change.at} ${change.to}`)));
        this.transitions.sort((a, b) => a.at - b.at);
        if (answer.stepSeconds > 0) {
            this.rolled = { from, to, history: new QueryHistory(answer.history, answer.stepSeconds) };
            return;
        }
        const history = new QueryHistory(answer.history);
        // Where there is nothing, there will be nothing. A part that lies before others cannot be put together with them.
        const first = this.recent.time[0] ?? Infinity;
        if (to >= first || this.recent.length === 0) {
            this.recent.prepend(answer.history);
            this.rawFrom = Math.min(this.rawFrom, from);
            if (from > this.recent.lostUntil) return;
            // The server may have room for fewer than the page.
            if (!(history.time[0] < first)) {
                this.nothing = { from, until: Date.now() + pause };
                return;
            }
        }
        this.rolled = { from, to, history };
    }

    /** All changes of state, with those that the page knows. */
    withTransitions(recent) {
        const first = recent[0]?.at ?? Infinity;
        return [...this.transitions.filter((change) => change.at < first), ...recent];
    }

    /** All restarts, with those that the page knows. */
    withRestarts(recent) {
        return [...new Set([...this.restarts, ...recent])].sort((a, b) => a - b);
    }
}
