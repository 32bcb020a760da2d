// Alerts as a list: name, query, value, since when, and what its rule says of it.

import { el, timeElement } from './dom.js';
import * as format from './format.js';
import { queryPath } from './router.js';

/** The id of the query that an alert is about; null for one about none. */
export const alertQuery = (alert) => alert.labels?.id ?? alert.labels?.query_id ?? null;

const words = { firing: 'Firing', pending: 'Pending', resolved: 'Resolved' };

/** One alert. On the page of its query the link to it is left out. */
export function alertItem(alert, now, { withQuery = true } = {}) {
    const labels = alert.labels ?? {};
    const id = alertQuery(alert);
    const query = withQuery && (labels.query || id)
        ? (id ? el('a', { href: queryPath(id) }, labels.query || id) : el('span', {}, labels.query)) : null;
    const since = alert.state === 'resolved' ? alert.resolvedAt : alert.state === 'firing' ? alert.firedAt ?? alert.activeAt : alert.activeAt;
    const text = alert.annotations?.summary ?? alert.annotations?.description ?? '';
    return el('li', { class: 'alert', 'data-state': alert.state, 'data-severity': labels.severity },
        el('span', { class: 'alert-state' }, words[alert.state] ?? alert.state),
        el('strong', { class: 'alert-name' }, alert.name),
        labels.severity ? el('span', { class: 'tag' }, labels.severity) : null,
        query,
        el('span', { class: 'alert-text' }, text),
        typeof since === 'number' ? el('span', { class: 'alert-since' }, alert.state === 'resolved' ? 'at ' : 'for ',
            timeElement(since, alert.state === 'resolved' ? format.moment(since, now) : format.duration(Math.max(0, Math.round((now - since) / 1000))))) : null);
}
