// Which queries are shown, and in which order.

import { severity } from './states.js';
import { title } from './store.js';

/** What can be sorted by; numbers begin with the largest, since that is what one looks for. */
export const columns = {
    state: { label: 'State', value: (query) => severity(query.state) },
    name: { label: 'Query', value: (query) => title(query).toLowerCase() },
    since: { label: 'Run for', hint: 'how long the current run has lasted', value: (query) => query.runSince },
    input: { label: 'Input', hint: 'rows a second that arrive', descends: true, value: (query) => query.inputRowsPerSecond },
    processed: { label: 'Processed', hint: 'rows a second that are processed', descends: true, value: (query) => query.processedRowsPerSecond },
    spark: { label: 'Trend', hint: 'rows a second processed, in the last batches' },
    batch: { label: 'Batch', hint: 'how long the last batch took', descends: true, value: (query) => query.batchDurationSeconds },
    lag: { label: 'Lag', hint: 'records that wait', descends: true, value: (query) => query.lagRecords },
    behind: { label: 'Lag time', hint: 'how long it would take to work off what waits', descends: true, value: (query) => query.lagSeconds },
    watermark: { label: 'Watermark', hint: 'how far the watermark is behind', descends: true, value: (query) => query.watermarkDelaySeconds },
    alerts: { label: 'Alerts', hint: 'alerts that fire', descends: true, value: (query) => query.firing },
};

const collator = new Intl.Collator(undefined, { numeric: true });

/** Queries that hold every word of the text in name, id or sink, and have one of the states. */
export function filtered(queries, text, states) {
    const words = text.toLowerCase().split(/\s+/).filter(Boolean);
    return [...queries].filter((query) => {
        if (states.size > 0 && !states.has(query.state)) return false;
        if (words.length === 0) return true;
        const haystack = `${query.name ?? ''} ${query.id} ${query.runId ?? ''} ${query.state} ${query.sink ?? ''}`.toLowerCase();
        return words.every((word) => haystack.includes(word));
    });
}

/** In order of a column; unknown comes last either way, and names decide between equals, so that rows do not change places by chance. */
export function sorted(queries, column, descends) {
    const value = columns[column]?.value ?? columns.state.value;
    const sign = descends ? -1 : 1;
    return queries.map((query) => ({ query, key: value(query) })).sort((a, b) => {
        const [first, second] = [a.key ?? null, b.key ?? null];
        if (first === null || second === null) {
            if (first !== second) return first === null ? 1 : -1;
        } else if (first !== second) {
            const order = typeof first === 'string' ? collator.compare(first, second) : first - second;
            if (order !== 0) return sign * order;
        }
        return collator.compare(title(a.query), title(b.query)) || (a.query.id < b.query.id ? -1 : 1);
    }).map((entry) => entry.query);
}
