// What the reader is told of the connection: live, paused, or lost and how old everything is. A screen reader is told the word when it
// changes; the banner, whose figures change each second, is no live region.

import { setText } from './dom.js';
import { clock, counted, duration } from './format.js';

const byId = (id) => document.getElementById(id);

/** A break shorter than this is no news. */
const patience = 1_500;

export class Connection {
    isPaused = false;
    waiting = 0;
    state = 'connecting';
    heardAt = null;
    lostAt = null;
    tryAt = null;
    error = null;
    refusal = null;

    constructor({ retry, resumed }) {
        this.retry = retry;
        this.resumed = resumed;
        byId('pause').addEventListener('click', () => this.togglePause());
        byId('banner-button').addEventListener('click', () => this.press());
        this.draw();
    }

    press() {
        // Without the right token the server's answer to the page itself is the form that asks for it.
        if (this.asksForToken) location.reload();
        else if (this.isBroken || this.error) this.retry();
        else this.togglePause();
    }

    get asksForToken() { return (this.refusal ?? this.error)?.status === 401; }

    get isBroken() { return this.state === 'lost' && Date.now() - this.lostAt > patience; }

    opened() { this.state = 'live'; this.lostAt = null; this.tryAt = null; this.error = null; this.refusal = null; this.draw(); }

    /** Nobody sees the page: it asks now and then, and listens again when it is looked at. */
    rests() { this.state = 'connecting'; this.lostAt = null; this.tryAt = null; this.refusal = null; this.draw(); }

    heard() { this.heardAt = Date.now(); }

    loaded() { this.error = null; this.heard(); this.draw(); }

    /** @param isAnswered whether it was the server that ended it, with an error. */
    lost(isAnswered) {
        if (!isAnswered) this.refusal = null;
        if (this.state !== 'lost') this.lostAt = Date.now();
        this.state = 'lost';
        this.draw();
    }

    nextTry(milliseconds) { this.tryAt = Date.now() + milliseconds; this.draw(); }

    failed(error) { this.error = error; this.draw(); }

    /** The live connection was answered with an error; null where the server did not answer. */
    refused(error) {
        // Another try may have been faster than the question why.
        if (this.state !== 'lost') return;
        this.refusal = error;
        this.draw();
    }

    /** Counts what is not drawn. */
    waits(updates) {
        if (!this.isPaused) return;
        this.waiting += updates;
        this.draw();
    }

    togglePause() {
        this.isPaused = !this.isPaused;
        this.waiting = 0;
        this.draw();
        if (!this.isPaused) this.resumed();
    }

    draw() {
        const root = document.documentElement;
        root.dataset.connection = this.isPaused ? 'paused' : this.isBroken ? 'lost' : this.state === 'lost' ? 'live' : this.state;
        setText(byId('link-word'), { paused: 'Paused', lost: 'Lost', live: 'Live', connecting: 'Connecting' }[root.dataset.connection]);
        const pause = byId('pause');
        pause.setAttribute('aria-pressed', String(this.isPaused));
        setText(pause, this.isPaused ? 'Resume' : 'Pause');
        const text = this.text();
        byId('banner').hidden = text === null;
        if (text === null) return;
        setText(byId('banner-text'), text);
        const needsTry = this.isBroken || this.error !== null;
        byId('banner').dataset.kind = needsTry ? 'lost' : 'paused';
        setText(byId('banner-button'), this.asksForToken ? 'Sign in' : needsTry ? 'Try now' : 'Resume');
    }

    text() {
        if (this.isBroken) {
            const age = this.heardAt === null ? 'nothing has been loaded yet'
                : `what you see is ${duration(Math.round((Date.now() - this.heardAt) / 1000))} old (${clock(this.heardAt)})`;
            const next = this.tryAt !== null && this.tryAt > Date.now() ? `next try in ${duration(Math.ceil((this.tryAt - Date.now()) / 1000))}` : 'trying again';
            if (this.asksForToken) return `The server asks for the token again: ${age}.`;
            if (this.refusal) return `The server refuses the live connection (${this.refusal.message}): ${age}; ${next}.`;
            return `The connection is lost: ${age}; ${next}.`;
        }
        if (this.error) return `The server could not answer: ${this.error.message}`;
        if (this.isPaused) return `Paused: ${this.waiting > 0 ? `${counted(this.waiting, 'update')} ${this.waiting === 1 ? 'waits' : 'wait'}.` : 'no update waits.'}`;
        return null;
    }
}
