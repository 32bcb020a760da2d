// Which custom metrics of a query are charted: those that the reader chose, which the browser keeps, or else the first by name.

const key = 'streamgauge-custom-metrics';

/** So many are charted where nothing was chosen. */
export const usualMetrics = 12;

/** Choices that the browser keeps; the one that was made longest ago goes first. */
const mostChoices = 100;

/** Choices of this visit by query, null for none any more: all there is where the browser keeps nothing. */
const choices = new Map();

/** What the browser keeps: pairs of a query and its names, the newest choice last. */
function stored() {
    try {
        const found = JSON.parse(localStorage.getItem(key));
        const isPair = (entry) => Array.isArray(entry) && typeof entry[0] === 'string' && Array.isArray(entry[1]);
        return Array.isArray(found) ? found.filter(isPair) : [];
    } catch {
        // Reading throws where the browser keeps nothing for this page, or what it keeps is not ours.
        return [];
    }
}

/** The names that were chosen for a query; null where none were. */
export function choiceOf(query) {
    if (!choices.has(query)) choices.set(query, stored().find(([name]) => name === query)?.[1] ?? null);
    return choices.get(query);
}

/** Notes a choice; null goes back to the usual. */
export function choose(query, names) {
    choices.set(query, names);
    const kept = stored().filter(([name]) => name !== query);
    if (names) kept.push([query, names]);
    try {
        localStorage.setItem(key, JSON.stringify(kept.slice(-mostChoices)));
    } catch { /* The choice then holds until the page is left. */ }
}
