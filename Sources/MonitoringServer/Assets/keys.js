// The keys of every page, and the list of all. A page takes its own first.

import { el } from './dom.js';

const all = [
    ['/', 'Filter the queries'],
    ['j  k', 'Next and previous query'],
    ['Enter', 'Open the query'],
    ['Esc', 'Clear the filter or the zoom, or go back to all queries'],
    ['p', 'Pause and resume'],
    ['t', 'Change between light, dark and the system’s theme'],
    ['1  2  3  4  5  6  7', 'On a query: the last 15 minutes, the last hour, the last 24 hours, 7 days, 30 days, year, the recent batches'],
    ['← →', 'In a chart: move from batch to batch; Home and End as well'],
    ['+  −', 'In a chart: zoom in and out'],
    ['Enter', 'In a chart: show the batch’s JSON'],
    ['?', 'This list'],
];

export function listenToKeys({ key, pause, home }) {
    const dialog = document.getElementById('keys');
    dialog.append(el('dl', {}, all.map(([keys, text]) => [
        el('dt', {}, keys.split('  ').map((name) => el('kbd', {}, name))), el('dd', {}, text)])),
    el('form', { method: 'dialog' }, el('button', {}, 'Close')));
    const help = () => (dialog.open ? dialog.close() : dialog.showModal());
    document.getElementById('help').addEventListener('click', help);
    dialog.addEventListener('click', (event) => { if (event.target === dialog) dialog.close(); });

    document.addEventListener('keydown', (event) => {
        if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || event.isComposing) return;
        if (dialog.open) {
            if (event.key === '?') { event.preventDefault(); help(); }
            return;
        }
        // Letters typed into a field are text; Esc leaves it.
        const field = event.target.closest?.('input, select, textarea');
        if (field && event.key !== 'Escape') {
            if (event.key === 'Enter' && field.type === 'search') field.blur();
            return;
        }
        if (field) field.blur();
        if (take(event)) event.preventDefault();
    });

    function take(event) {
        if (key(event)) return true;
        switch (event.key) {
        case '?': help(); return true;
        case 'p': pause(); return true;
        case 't': document.getElementById('theme').click(); return true;
        case 'Escape': home(); return true;
        default: return false;
        }
    }
}
