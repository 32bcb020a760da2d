// What the server has told of all queries and alerts. It takes every update, drawn or not: a page that is paused is behind in
// drawing only, and has nothing to load when it goes on.

/** Messages about alerts that are kept for an answer that is older. */
const mostTold = 50;

export class Store {
    rows = new Map();
    alerts = new Map();
    /** Rows that were told since somebody asked for the list; null when nobody waits for it. */
    told = null;
    toldAlerts = [];
    rules = [];
    /** Whether the list was loaded at all. */
    isLoaded = false;
    isReplay = false;
    /** The latest that the feed's time was said to be, and when that was said by this machine's clock. */
    at = null;
    saidAt = null;

    /** The feed's time now: in a replay it stands still between events, live it goes on. */
    now() {
        if (this.at === null) return Date.now();
        return this.isReplay ? this.at : this.at + (Date.now() - this.saidAt);
    }

    /** Takes what time it is said to be. A silence is dated to when it became too long, and an answer can be late: time goes on only. */
    heard(at) {
        if (typeof at !== 'number' || (this.at !== null && at < this.now() && !this.isReplay) || (this.isReplay && at < this.at)) return;
        this.at = at;
        this.saidAt = Date.now();
    }

    /** Keeps the rows that are told from now on, for a list that is on its way and may be older. */
    noteTold() {
        this.told = [];
        return this.told;
    }

    forgetTold(told) {
        if (this.told === told) this.told = null;
    }

    /** Takes the whole list, and of what was told meanwhile what is newer. */
    replace(list, told) {
        this.rows = new Map(list.queries.map((row) => [row.id, row]));
        this.isReplay = list.replay === true;
        this.isLoaded = true;
        // The server may be another one, or its clock may have been set.
        this.at = null;
        this.heard(list.at);
        this.merge(told.filter((row) => row.at >= list.at), list.at);
    }

    /** Takes rows that changed, and gives their ids. An answer can overtake an event, so an older row does not replace a newer. */
    merge(rows, at) {
        this.heard(at);
        const changed = [];
        this.told?.push(...rows);
        for (const row of rows) {
            const before = this.rows.get(row.id);
            if (before && before.at > row.at) continue;
            this.rows.set(row.id, row);
            changed.push(row.id);
        }
        return changed;
    }

    remove(ids) {
        for (const id of ids) this.rows.delete(id);
    }

    replaceAlerts(answer) {
        this.alerts = new Map(answer.alerts.map((alert) => [alert.fingerprint, alert]));
        this.rules = answer.rules ?? [];
        this.heard(answer.at);
        // The answer may be older than what was told while it was on its way.
        for (const { alerts, at } of this.toldAlerts) if (at >= answer.at) this.takeAlerts(alerts);
    }

    mergeAlerts(alerts, at) {
        this.heard(at);
        this.toldAlerts.push({ alerts, at });
        if (this.toldAlerts.length > mostTold) this.toldAlerts.shift();
        this.takeAlerts(alerts);
    }

    takeAlerts(alerts) {
        for (const alert of alerts) {
            // One that was only pending has come to nothing.
            if (alert.state === 'resolved' && typeof alert.firedAt !== 'number') this.alerts.delete(alert.fingerprint);
            else this.alerts.set(alert.fingerprint, alert);
        }
        const now = this.now();
        for (const alert of this.alerts.values()) if (now - alert.resolvedAt > resolvedRetention) this.alerts.delete(alert.fingerprint);
    }

    /** Alerts in a state, but for heartbeats: those that people are told of first, and of each kind the newest. */
    alertsIn(state) {
        return [...this.alerts.values()].filter((alert) => alert.state === state && !isHeartbeat(alert))
            .sort((a, b) => Boolean(a.suppression) - Boolean(b.suppression) || (b.firedAt ?? b.activeAt ?? 0) - (a.firedAt ?? a.activeAt ?? 0));
    }

    /** All alerts of a query, those that fire first. */
    alertsOf(id) {
        const order = ['firing', 'pending', 'resolved'];
        return [...this.alerts.values()].filter((alert) => alert.labels?.id === id)
            .sort((a, b) => order.indexOf(a.state) - order.indexOf(b.state) || (b.activeAt ?? 0) - (a.activeAt ?? 0));
    }

    /** How many queries are in each state. */
    counts() {
        const counts = new Map();
        for (const row of this.rows.values()) counts.set(row.state, (counts.get(row.state) ?? 0) + 1);
        return counts;
    }
}

/** A heartbeat, which always fires and is for programs that miss it. */
const isHeartbeat = (alert) => alert.labels?.severity === 'none';

/** How long a resolved alert is kept, as the server does. */
const resolvedRetention = 900_000;

/** The name, or the id where there is none. */
export const title = (query) => (query.name?.trim() ? query.name : query.id);
