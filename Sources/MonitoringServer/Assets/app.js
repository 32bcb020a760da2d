// Wires it together: address → view, server → store → view, and what every page has: connection, pause, theme, keys.

import { liveRefusal } from './api.js';
import { EventStream } from './events.js';
import { Connection } from './connection.js';
import { el, say } from './dom.js';
import { Feeds } from './feeds.js';
import { go, home, startRouter } from './router.js';
import { listenToKeys } from './keys.js';
import { Overview } from './overview.js';
import { QueryPage } from './querypage.js';
import { Store } from './store.js';
import { startThemeButton } from './themebutton.js';

const store = new Store();
const main = document.getElementById('main');
let view = null;
let loading = null;
let retry = null;

// MARK: Drawing

/** What changed since the last drawing. */
const noChanges = () => ({ rows: new Set(), isReordered: false, hasAlerts: false, points: 0 });
let changes = noChanges();
let isAsked = false;

/** Draws once a frame at most, however many updates came. */
function askToDraw() {
    if (isAsked || connection.isPaused) return;
    isAsked = true;
    requestAnimationFrame(() => {
        isAsked = false;
        const drawn = changes;
        changes = noChanges();
        const started = performance.now();
        view?.draw(drawn);
        // For whoever measures: how long the last update took to be written into the page.
        performance.clearMeasures('streamgauge:update');
        performance.measure('streamgauge:update', { start: started, detail: drawn.rows.size });
        drawTitle();
    });
}

function drawAll() {
    changes = noChanges();
    view?.draw();
    drawTitle();
}

function drawTitle() {
    const firing = store.alertsIn('firing').filter((alert) => !alert.suppression).length;
    document.title = `${firing > 0 ? `(${firing}) ` : ''}${view?.title ?? 'Not found'} – StreamGauge`;
    document.getElementById('replay').hidden = !store.isReplay;
}

// MARK: What the server says

const take = {
    queries(data) {
        for (const row of data.queries) {
            const before = store.rows.get(row.id);
            if (!before || before.state !== row.state) changes.isReordered = true;
        }
        const changed = store.merge(data.queries, data.at);
        for (const id of changed) changes.rows.add(id);
        return changed.length;
    },
    removed(data) {
        store.remove(data.ids);
        view?.takeRemoved?.(data.ids);
        changes.isReordered = true;
        return data.ids.length;
    },
    alerts(data) {
        store.mergeAlerts(data.alerts, data.at);
        changes.hasAlerts = true;
        return data.alerts.length;
    },
    transition(data) {
        store.heard(data.at);
        view?.takeTransition?.(data);
        return 1;
    },
    point(data) {
        store.heard(data.query?.at);
        changes.points += 1;
        view?.takePoint?.(data);
        return 1;
    },
};

const stream = new EventStream({
    event(name, data) {
        connection.heard();
        if (name === 'reset') return load();
        connection.waits(take[name](data));
        askToDraw();
    },
    opened(isNew) {
        connection.opened();
        // A connection that the browser took up again gets what it missed by its last event's id.
        if (isNew || loading === null) load();
    },
    lost(isAnswered) { connection.lost(isAnswered); },
    refused() {
        liveRefusal().then((error) => connection.refused(error), () => connection.refused(null));
        // There may be no room to listen and room to ask.
        load();
    },
    rests() {
        connection.rests();
        load();
    },
    waiting(milliseconds) { connection.nextTry(milliseconds); },
});

const connection = new Connection({ retry: () => stream.retry(), resumed: () => drawAll() });

/** Loads what the view shows; an older load that is still on its way is given up. */
async function load() {
    loading?.abort();
    clearTimeout(retry);
    const mine = new AbortController();
    loading = mine;
    const target = view;
    if (!target) return;
    try {
        await target.load(mine.signal);
        if (loading !== mine) return;
        connection.loaded();
        if (connection.isPaused && target.isDrawn) return;
        target.isDrawn = true;
        drawAll();
    } catch (error) {
        if (error.name === 'AbortError' || loading !== mine) return;
        loading = null;
        if (target.fail?.(error)) drawTitle();
        else connection.failed(error);
        // An overloaded server asks for some patience; one that wants a token does not give in by being asked again.
        if (error.status !== 401 && error.status !== 404) retry = setTimeout(() => { if (loading === null && target === view) load(); }, 5_000);
    }
}

// MARK: What the reader does

function show(route) {
    const isSame = route && view?.route && view.route.name === route.name && view.route.id === route.id;
    if (isSame) return;
    view?.close();
    view = null;
    if (!route) {
        main.replaceChildren(el('p', { class: 'notice' }, 'There is no such page. ', el('a', { href: home() }, 'All queries')));
        drawTitle();
        return;
    }
    view = route.name === 'query' ? new QueryPage(store, route.id) : new Overview(store);
    view.route = route;
    const isFirst = main.childElementCount === 0;
    main.replaceChildren(view.root);
    // The link that led here is gone, and the focus with it: a screen reader goes on at the top of what is new.
    if (!isFirst) {
        main.focus({ preventScroll: true });
        say(view.title);
    }
    // What is known already is shown while the rest is loaded.
    drawAll();
    stream.open(route.id);
}

const feeds = new Feeds(document.getElementById('feeds'));
startThemeButton();
listenToKeys({
    key: (event) => view?.key(event) ?? false,
    pause: () => connection.togglePause(),
    home: () => go(home()),
});
startRouter(show);
setInterval(() => {
    connection.draw();
    feeds.tick();
    if (!connection.isPaused && !document.hidden) view?.tick?.();
}, 1_000);
