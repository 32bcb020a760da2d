// The server's JSON, with its errors as errors.

/** What the server answered instead of a result. */
export class APIError extends Error {
    constructor(status, message) {
        super(message);
        this.status = status;
    }
}

async function get(path, signal) {
    const response = await fetch(path, { signal, headers: { Accept: 'application/json' }, credentials: 'same-origin' });
    if (response.ok) return response.json();
    throw await errorOf(response);
}

async function errorOf(response) {
    let message = `${response.status} ${response.statusText}`;
    try {
        message = (await response.json()).error.message;
    } catch { /* Something between here and the server answered; its status says enough. */ }
    return new APIError(response.status, message);
}

/** Why the server refuses the live connection, which an EventSource does not tell; null where it does not. */
export async function liveRefusal() {
    const asking = new AbortController();
    const response = await fetch('/api/v1/events', { signal: asking.signal, credentials: 'same-origin' });
    if (!response.ok) return errorOf(response);
    asking.abort();
    return null;
}

const queryURL = (id) => `/api/v1/queries/${encodeURIComponent(id)}`;

/** Every query's row. The server may give fewer at once than asked for, so it is asked until all are here. */
export async function loadQueries(signal) {
    const rows = [];
    for (;;) {
        const page = await get(`/api/v1/queries?limit=1000&offset=${rows.length}`, signal);
        rows.push(...page.queries);
        if (page.queries.length === 0 || rows.length >= page.total) return { ...page, queries: rows };
    }
}

/** One query with the points that the server has at hand. */
export const loadQuery = (id, signal) => get(queryURL(id), signal);

/** A query's points between two times, as far back as they are kept; those of a long time are each about several triggers. */
export const loadHistory = (id, from, to) => get(`${queryURL(id)}/history?from=${Math.floor(from)}&to=${Math.ceil(to)}`);

/** The batches whose JSON is kept, the newest first; of a time with `from` and `to`, in milliseconds. */
export const loadBatches = (id, signal, range = { limit: 500 }) => get(`${queryURL(id)}/batches?${new URLSearchParams(range)}`, signal);

/** A batch's progress as it came. */
export const loadBatch = (id, batch, signal) =>
    get(`${queryURL(id)}/batches/${encodeURIComponent(batch.runId)}/${encodeURIComponent(batch.batchId)}`, signal);

/** Every alert and rule. */
export const loadAlerts = (signal) => get('/api/v1/alerts', signal);

/** The feeds' health, which a server with a broken feed tells with 503. */
export async function loadHealth(signal) {
    const response = await fetch('/healthz', { signal, credentials: 'same-origin' });
    return response.json();
}
