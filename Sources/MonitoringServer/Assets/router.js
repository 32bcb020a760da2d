// Addresses: `/` is the overview, `/queries/ID` a query. Links are followed without loading the page anew, so that they are plain
// links still: they open in another tab and can be copied.

/** What an address shows; null for one that the page does not have. */
export function route(path) {
    if (path === '/' || path === '/index.html') return { name: 'overview' };
    const match = /^\/queries\/([^/]+)\/?$/.exec(path);
    if (!match) return null;
    try {
        return { name: 'query', id: decodeURIComponent(match[1]) };
    } catch {
        return null;
    }
}

/** The address of a query. */
export const queryPath = (id) => `/queries/${encodeURIComponent(id)}`;

let homeSearch = '';

/** The address of the overview as the reader left it: filtered and sorted. */
export const home = () => `/${homeSearch}`;

/** Goes to an address of this page. */
export function go(path) {
    if (path !== location.pathname + location.search) history.pushState(null, '', path);
    dispatchEvent(new PopStateEvent('popstate'));
}

/** Puts settings into the address without a step in the history, so that a reload and a copied address show the same. */
export function setParameters(parameters) {
    const search = new URLSearchParams(location.search);
    for (const [name, value] of Object.entries(parameters)) {
        if (value) search.set(name, value);
        else search.delete(name);
    }
    const text = search.toString();
    const path = location.pathname + (text ? `?${text}` : '');
    if (location.pathname === '/') homeSearch = text ? `?${text}` : '';
    if (path !== location.pathname + location.search) history.replaceState(history.state, '', path);
}

/** Calls back on every change of the address. */
export function startRouter(changed) {
    document.addEventListener('click', (event) => {
        const link = event.target.closest?.('a[href]');
        const isPlain = event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey && !event.altKey;
        if (!link || !isPlain || event.defaultPrevented || link.target || link.origin !== location.origin) return;
        if (link.hash || !route(link.pathname)) return;
        event.preventDefault();
        go(link.pathname + link.search);
    });
    let path = location.pathname;
    addEventListener('popstate', () => {
        // A change of the settings alone is the view's own.
        if (location.pathname !== path) scrollTo(0, 0);
        path = location.pathname;
        changed(route(path));
    });
    changed(route(path));
}
