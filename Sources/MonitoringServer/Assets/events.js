// The live connection: server-sent events. The browser itself connects again after a break and sends the id of the last event it saw;
// what it gives up on (an answer with an error) and what is silent for too long is opened anew here.

const names = ['queries', 'removed', 'transition', 'alerts', 'point', 'reset'];

/** Longest wait before another try, in milliseconds. */
const longestWait = 15_000;

/** Silence after which the connection is opened anew: a break that no packet tells looks like this. */
const longestSilence = 60_000;

export class EventStream {
    /**
     * @param handlers `event(name, data)`; `opened(isNew)`, where a new connection may have missed something and everything is to be
     *   loaded; `lost(isAnswered)`, when it breaks; `refused()`, when it was answered with an error; `waiting(milliseconds)`, how long until
     *   the next try.
     */
    constructor(handlers) {
        this.handlers = handlers;
        this.failures = 0;
        this.heardAt = Date.now();
        addEventListener('online', () => { if (!this.isOpen) this.retry(); });
        document.addEventListener('visibilitychange', () => { if (!document.hidden) this.check(); });
        setInterval(() => this.check(), 5_000);
    }

    get isOpen() { return this.source?.readyState === EventSource.OPEN; }

    /** Listens, with the points of one query or of none. */
    open(query) {
        this.query = query;
        this.failures = 0;
        this.connect();
    }

    /** Tries at once. */
    retry() {
        this.failures = 0;
        this.connect();
    }

    connect() {
        clearTimeout(this.timer);
        this.timer = undefined;
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
