// How the names of custom metrics are shown. They are the query's own: empty, or as long as a page.

/** More of a name is not read aloud. */
const longest = 100;

/** A name to look at, where there is none too. */
export const shownName = (name) => (name.trim() === '' ? '(no name)' : name);

/** The beginning of a name, for what is read aloud. */
export function shortName(name) {
    const shown = shownName(name);
    return shown.length > longest ? `${shown.slice(0, longest - 1)}…` : shown;
}
