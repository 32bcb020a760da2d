// The list in which the reader chooses what is charted: check boxes with a filter. One of them takes the focus with Tab, the arrow keys
// go from one to the next; a stop at each of two hundred would keep the rest of the page out of reach.

import { el, say, setAttribute, setText } from './dom.js';
import { whole } from './format.js';
import { usualMetrics } from './metricchoice.js';
import { shortName, shownName } from './metricnames.js';

export class MetricPicker {
    names = [];
    /** The boxes by name; made when the list is first opened. */
    boxes = new Map();
    found = [];

    /** @param changed takes the names that are chosen now; null for the usual ones. */
    constructor(changed) {
        this.changed = changed;
        this.chosen = new Set();
        this.filter = el('input', {
            type: 'search', placeholder: 'Filter by name', 'aria-label': 'Filter the custom metrics', autocomplete: 'off', spellcheck: 'false', oninput: () => this.search(),
        });
        this.all = el('button', { type: 'button', onclick: () => this.choose([...this.chosen, ...this.found]) }, 'All');
        this.none = el('button', { type: 'button', onclick: () => this.leaveOut() }, 'None');
        this.usual = el('button', { type: 'button', onclick: () => this.changed(null) }, `First ${usualMetrics}`);
        this.list = el('div', {
            class: 'picker-list', role: 'group', 'aria-label': 'Custom metrics to chart',
            onchange: (event) => this.toggle(event.target), onfocusin: (event) => this.stopAt(event.target),
        });
        this.empty = el('p', { class: 'hint' });
        this.summary = el('summary', {}, 'Choose metrics');
        this.node = el('details', { class: 'picker', ontoggle: () => this.fill(), onkeydown: (event) => { if (this.key(event)) event.preventDefault(); } },
            this.summary, el('div', { class: 'picker-body' }, el('div', { class: 'tools' }, this.filter, this.all, this.none, this.usual), this.list, this.empty));
    }

    /** Takes all names there are, in their order, those that are chosen, be they there or not, and what `mark` the ones get that are not `kept`. */
    show(names, chosen, { kept, mark }) {
        this.chosen = new Set(chosen);
        if (names.length !== this.names.length || names.some((name, index) => name !== this.names[index])) {
            this.names = names;
            this.fill();
        }
        for (const [name, box] of this.boxes) {
            box.checked = this.chosen.has(name);
            setAttribute(box.parentNode, 'data-mark', kept.has(name) ? null : mark);
        }
    }

    /** Makes the boxes that are missing, once someone looks. */
    fill() {
        if (!this.node.open) return;
        const known = new Set(this.names);
        const hadFocus = this.list.contains(document.activeElement);
        for (const [name, box] of this.boxes) {
            if (known.has(name)) continue;
            box.parentNode.remove();
            this.boxes.delete(name);
        }
        let place = this.list.firstChild;
        for (const name of this.names) {
            if (this.boxes.has(name)) {
                place = this.boxes.get(name).parentNode.nextSibling;
                continue;
            }
            const box = el('input', { type: 'checkbox', value: name, tabindex: -1 });
            box.checked = this.chosen.has(name);
            this.boxes.set(name, box);
            const isCut = shortName(name) !== name;
            if (isCut) box.setAttribute('aria-label', shortName(name));
            this.list.insertBefore(el('label', { title: name }, box, el('span', {}, shownName(name))), place);
        }
        this.usual.hidden = this.names.length <= usualMetrics;
        this.sift();
        // The box that had the focus is gone, with the metric.
        if (hadFocus && !this.list.contains(document.activeElement)) (this.stop ?? this.filter).focus({ preventScroll: true });
    }

    /** Sifts, and tells a screen reader what was found; names that come and go by themselves are not told of. */
    search() {
        this.sift();
        say(this.empty.textContent);
    }

    /** Shows the names that hold every word of the filter. */
    sift() {
        const words = this.filter.value.toLowerCase().split(/\s+/).filter(Boolean);
        this.found = this.names.filter((name) => words.every((word) => shownName(name).toLowerCase().includes(word)));
        const found = new Set(this.found);
        for (const [name, box] of this.boxes) box.parentNode.hidden = !found.has(name);
        const isFiltered = words.length > 0;
        setText(this.all, isFiltered ? 'Check these' : 'All');
        setText(this.none, isFiltered ? 'Uncheck these' : 'None');
        this.all.disabled = this.none.disabled = found.size === 0;
        setText(this.empty, found.size === 0 ? 'No custom metric matches. Esc clears the filter.' : isFiltered ? `${whole(found.size)} of ${whole(this.names.length)} found` : '');
        if (found.has(this.stop?.value)) return;
        // One that is gone leaves its place to the next.
        const isGone = this.stop && !this.list.contains(this.stop);
        this.stopAt(this.boxes.get((isGone ? this.found.find((name) => name > this.stop.value) ?? this.found.at(-1) : null) ?? this.found[0]));
    }

    /** The box at which Tab stops. */
    stopAt(box) {
        if (this.stop) this.stop.tabIndex = -1;
        this.stop = box;
        if (box) box.tabIndex = 0;
    }

    toggle(box) {
        if (box.checked) this.chosen.add(box.value);
        else this.chosen.delete(box.value);
        this.choose([...this.chosen]);
    }

    /** Leaves out what the filter shows; without one all, also what is not there at present. */
    leaveOut() {
        const found = new Set(this.found);
        this.choose(this.filter.value.trim() === '' ? [] : [...this.chosen].filter((name) => !found.has(name)));
    }

    /** In the order of the names, so that the same choice is the same list. */
    choose(names) {
        const wanted = new Set(names);
        const known = new Set(this.names);
        this.changed([...this.names.filter((name) => wanted.has(name)), ...[...wanted].filter((name) => !known.has(name))]);
    }

    /** True for a key that is the list's. */
    key(event) {
        if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return false;
        if (event.key === 'Escape') return this.escape();
        if (event.target === this.filter) {
            if (event.key !== 'ArrowDown' && event.key !== 'Enter') return false;
            this.stop?.focus();
            return true;
        }
        return this.list.contains(event.target) && this.move(event.key);
    }

    /** Esc clears the filter, or closes the list. */
    escape() {
        if (!this.node.open) return false;
        if (this.filter.value !== '') {
            this.filter.value = '';
            this.search();
            this.filter.focus();
        } else {
            this.node.open = false;
            this.summary.focus();
        }
        return true;
    }

    move(key) {
        const line = getComputedStyle(this.list).gridTemplateColumns.split(' ').length;
        const last = this.found.length - 1;
        const at = this.found.indexOf(this.stop?.value);
        const places = { ArrowLeft: at - 1, ArrowRight: at + 1, ArrowUp: at - line, ArrowDown: at + line, Home: 0, End: last };
        if (!Object.hasOwn(places, key)) return false;
        if (places[key] >= 0 && places[key] <= last) this.boxes.get(this.found[places[key]]).focus();
        return true;
    }
}
