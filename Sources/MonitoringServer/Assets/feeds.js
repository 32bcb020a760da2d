// Whether the server itself hears its feeds: a page that shows nothing new because nobody feeds it looks the same as a calm one.

import { loadHealth } from './api.js';
import { setText } from './dom.js';
import { duration } from './format.js';

/** Seconds between two questions. */
const every = 30;

export class Feeds {
    seconds = 0;

    constructor(node) {
        this.node = node;
    }

    tick() {
        if (!document.hidden && this.seconds % every === 0) this.ask();
        this.seconds += 1;
    }

    async ask() {
        try {
            const health = await loadHealth();
            this.draw(health.feeds ?? [], health.history);
        } catch {
            // Without an answer there is nothing to say of feeds; the banner of the connection says the rest.
            this.draw([]);
        }
    }

    draw(feeds, history) {
        const broken = feeds.filter((feed) => feed.error);
        this.node.hidden = broken.length === 0 && !history?.error;
        const lost = history?.error ? [`The history is not written: ${history.error}.`] : [];
        setText(this.node, broken.map((feed) => {
            const age = typeof feed.lastEventAgeSeconds === 'number' ? `, its last event came ${duration(Math.round(feed.lastEventAgeSeconds))} ago` : '';
            return `Feed ${feed.name} is ${feed.state}: ${feed.error}${age}.`;
        }).concat(lost).join(' '));
    }
}
