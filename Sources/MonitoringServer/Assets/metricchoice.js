// Which custom metrics of a query are charted: those that the reader chose, which the browser keeps, or else the first by name.

const key = 'streamgauge-custom-metrics';

/** So many are charted where nothing was chosen. */
export const usualMetrics = 12;

/** Choices that the browser keeps; the one that was made longest ago goes first. */
const mostChoices = 100;

/** Choices of this visit by query, null for none any more: all there is where the browser keeps nothing. */
const choices = new Map();

/** The pairs of a query and its names in what the browser keeps, the newest choice last. */
function pairs(text) {
    try {
        const found = JSON.parse(text);
        const isPair = (entry) => Array.isArray(entry) && typeof entry[0] === 'string' && Array.isArray(entry[1]);
        return Array.isArray(found) ? found.filter(isPair) : [];
    } catch {
        // What is kept is not ours.
        return [];
    }
}

function stored() {
    try {
        return pairs(localStorage.getItem(key));
    } catch {
        // Reading throws where the browser keeps nothing for this page.
        return [];
    }
}

/** The names that were chosen for a query; null where none were. */
export function choiceOf(query) {
    if (!choices.has(query)) choices.set(query, stored().find(([name]) => name === query)?.[1] ?? null);
    return choices.get(query);
}

/** The names that are charted where nothing was chosen: those with points come first. */
export function usualOf(names, kept) {
    return [...names.filter((name) => kept.has(name)), ...names.filter((name) => !kept.has(name))].slice(0, usualMetrics);
}

/** Notes a choice; null goes back to the usual. */
export function choose(query, names) {
    choices.set(query, names);
    const kept = stored().filter(([name]) => name !== query);
    if (names) kept.push([query, names]);
    // Where there is no room, old choices make some.
    for (let most = mostChoices; most > 0; most = Math.floor(most / 2)) if (store(kept.slice(-most))) return;
    // The choice then holds until the page is left; an older one is not to come back in its place.
    try {
        localStorage.removeItem(key);
    } catch { /* The browser keeps nothing. */ }
}

function store(kept) {
    try {
        localStorage.setItem(key, JSON.stringify(kept));
        return true;
    } catch {
        return false;
    }
}

/** Has a choice that another tab made hold here too. One that could not be kept is in neither text, and stays. */
addEventListener('storage', (event) => {
    if (event.key !== key || event.newValue === null) return;
    for (const [query] of [...pairs(event.oldValue), ...pairs(event.newValue)]) choices.delete(query);
});
