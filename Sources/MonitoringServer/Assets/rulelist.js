// The rules that alerts come from, with the reason of each, folded away below the queries.

import { el, setText } from './dom.js';
import { counted, duration } from './format.js';

export class RuleList {
    constructor() {
        this.summary = el('summary');
        this.body = el('tbody');
        this.node = el('details', { class: 'rules', hidden: true }, this.summary,
            el('div', { class: 'scrolls' }, el('table', {},
                el('thead', {}, el('tr', {}, ['Rule', 'Fires when', 'For', 'Why'].map((text) => el('th', { scope: 'col', class: text === 'For' ? 'number' : null }, text)))), this.body)));
    }

    draw(rules) {
        this.node.hidden = rules.length === 0;
        // Rules are read when the server starts, so they seldom change.
        const key = JSON.stringify(rules);
        if (key === this.shown) return;
        this.shown = key;
        const broken = rules.filter((rule) => rule.error).length;
        setText(this.summary, counted(rules.length, 'alert rule') + (broken > 0 ? `, ${broken} with an error` : ''));
        this.body.replaceChildren(...rules.map((rule) => el('tr', { 'data-broken': Boolean(rule.error) },
            el('th', { scope: 'row' }, rule.name), el('td', {}, el('code', {}, rule.expr ?? '–')),
            el('td', { class: 'number' }, duration(rule.forSeconds)), el('td', {}, rule.error || rule.reason || '–'))));
    }
}
