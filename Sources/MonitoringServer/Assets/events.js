// The live connection: server-sent events. The browser itself connects again after a break and sends the id of the last event it saw;
// what it gives up on (an answer with an error) and what is silent for too long is opened anew here.

const names = ['queries', 'removed', 'transition', 'alerts', 'point', 'reset'];

/** Longest wait before another try, in milliseconds. */
const longestWait = 15_000;

/** Silence after which the connection is opened anew: a break that no packet tells looks like this. */
const longestSilence = 60_000;

/** How long a page that nobody sees goes on listening, and how often it asks then, in milliseconds. */
const hiddenPatience = 10_000;
const hiddenInterval = 60_000;

export class EventStream {
    /**
     * @param handlers `event(name, data)`; `opened(isNew)`, where a new connection may have missed something and everything is to be
     *   loaded; `lost(isAnswered)`, when it breaks; `refused()`, when it was answered with an error; `waiting(milliseconds)`, how long until
     *   the next try; `rests()`, when it does not listen because nobody sees the page, and is to load what is new.
     */
    constructor(handlers) {
        this.handlers = handlers;
        this.failures = 0;
        this.heardAt = Date.now();
        addEventListener('online', () => { if (!this.isOpen && !this.isResting) this.retry(); });
        setInterval(() => this.check(), 5_000);
        this.watchVisibility();
    }

    get isOpen() { return this.source?.readyState === EventSource.OPEN; }

    /**
     * A browser has six connections to a server for all of its pages together, and with a seventh that listens none loads any more. So a
     * page that nobody sees gives its own back after a while, and asks now and then instead.
     */
    watchVisibility() {
        document.addEventListener('visibilitychange', () => {
            clearTimeout(this.rest);
            if (document.hidden) this.restAfter(hiddenPatience);
            else if (this.isResting) this.retry();
            else this.check();
        });
    }

    restAfter(milliseconds) {
        clearTimeout(this.rest);
        this.rest = setTimeout(() => {
            this.close();
            this.handlers.rests();
            this.restAfter(hiddenInterval);
        }, milliseconds);
    }

    /** Hears nothing until it is opened or tried again. */
    close() {
        clearTimeout(this.timer);
        this.timer = undefined;
        this.source?.close();
        this.source = undefined;
        this.isResting = true;
    }

    /** Listens, with the points of one query or of none. */
    open(query) {
        this.query = query;
        this.failures = 0;
        // Opened behind the page that is read: it listens once it is looked at.
        this.isResting = document.hidden;
        if (document.hidden) this.restAfter(0);
        else this.connect();
    }

    /** Tries at once. */
    retry() {
        this.failures = 0;
        this.connect();
    }

    connect() {
        clearTimeout(this.timer);
        this.timer = undefined;
        this.isResting = false;
        this.source?.close();
        const source = new EventSource(`/api/v1/events${this.query ? `?query=${encodeURIComponent(this.query)}` : ''}`);
        this.source = source;
        this.heardAt = Date.now();
        // Before the first event the browser has no id to go on from, so that a break until then is one that loses something.
        let isNew = true;
        source.onopen = () => {
            if (source !== this.source) return;
            this.failures = 0;
            this.heardAt = Date.now();
            this.handlers.opened(isNew);
        };
        source.onerror = () => {
            if (source !== this.source) return;
            const isAnswered = source.readyState === EventSource.CLOSED;
            this.handlers.lost(isAnswered);
            if (!isAnswered) return;
            this.handlers.refused();
            this.wait();
        };
        for (const name of names) {
            source.addEventListener(name, (event) => {
                if (source !== this.source) return;
                this.heardAt = Date.now();
                if (event.lastEventId) isNew = false;
                this.handlers.event(name, JSON.parse(event.data || '{}'));
            });
        }
    }

    /** Waits twice as long after each failure, and not the same time in every browser that lost the same server. */
    wait() {
        const wait = Math.min(longestWait, 500 * 2 ** this.failures) * (0.75 + Math.random() / 2);
        this.failures += 1;
        this.timer = setTimeout(() => this.connect(), wait);
        this.handlers.waiting(wait);
    }

    check() {
        if (this.source && this.isOpen && Date.now() - this.heardAt > longestSilence) this.connect();
        else if (this.source?.readyState === EventSource.CLOSED && this.timer === undefined) this.retry();
    }
}
