// Alerts as a list: name, query, since when, and what its rule says of it; value, reason, labels and texts below, folded away.

import { el, timeElement } from './dom.js';
import * as format from './format.js';
import { queryPath } from './router.js';

/** The id of the query that an alert is about; null for one about none. */
export const alertQuery = (alert) => alert.labels?.id ?? null;

const words = { firing: 'Firing', pending: 'Pending', resolved: 'Resolved' };
const suppressions = { silenced: 'silenced', inhibited: 'held back by another alert' };

/** Which details are open, by fingerprint: the list is drawn anew with each update, and what was opened stays so. */
const opened = new Set();

/** One alert. On the page of its query the link to it is left out. */
export function alertItem(alert, now, { withQuery = true } = {}) {
    const labels = alert.labels ?? {};
    const id = alertQuery(alert);
    const query = withQuery && (labels.query || id)
        ? (id ? el('a', { href: queryPath(id) }, labels.query || id) : el('span', {}, labels.query)) : null;
    const since = alert.state === 'resolved' ? alert.resolvedAt : alert.state === 'firing' ? alert.firedAt ?? alert.activeAt : alert.activeAt;
    const text = alert.annotations?.summary ?? alert.annotations?.description ?? '';
    const suppression = suppressions[alert.suppression];
    return el('li', { class: 'alert', 'data-state': alert.state, 'data-severity': labels.severity, 'data-suppressed': Boolean(suppression) },
        el('span', { class: 'alert-state' }, words[alert.state] ?? alert.state),
        el('strong', { class: 'alert-name' }, alert.name),
        labels.severity ? el('span', { class: 'tag' }, labels.severity) : null,
        suppression ? el('span', { class: 'tag' }, suppression) : null,
        query,
        el('span', { class: 'alert-text' }, text),
        typeof since === 'number' ? el('span', { class: 'alert-since' }, alert.state === 'resolved' ? 'at ' : 'for ',
            timeElement(since, alert.state === 'resolved' ? format.moment(since, now) : format.duration(Math.max(0, Math.round((now - since) / 1000))))) : null,
        details(alert, now));
}

function details(alert, now) {
    const moment = (at) => (typeof at === 'number' ? timeElement(at, format.moment(at, now)) : null);
    const { summary, ...texts } = alert.annotations ?? {};
    const facts = [
        ['Reason', alert.reason], ['Value', typeof alert.value === 'number' ? format.exact(alert.value) : null],
        ['Active since', moment(alert.activeAt)], ['Firing since', moment(alert.firedAt)], ['Resolved at', moment(alert.resolvedAt)],
        ...sorted(texts), ['Labels', el('ul', { class: 'labels' }, sorted(alert.labels ?? {}).map(([name, value]) => el('li', {}, el('code', {}, `${name}="${value}"`))))],
    ].filter(([, value]) => value !== null && value !== undefined);
    const toggled = (event) => (event.target.open ? opened.add(alert.fingerprint) : opened.delete(alert.fingerprint));
    return el('details', { class: 'alert-details', open: opened.has(alert.fingerprint), ontoggle: toggled },
        el('summary', {}, el('span', { class: 'visually-hidden' }, `${alert.name}: `), 'Details'),
        el('dl', {}, facts.map(([name, value]) => el('div', {}, el('dt', {}, name), el('dd', {}, value)))));
}

const sorted = (texts) => Object.entries(texts).sort(([a], [b]) => (a < b ? -1 : 1));
