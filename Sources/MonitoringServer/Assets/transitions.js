// What the query went through, the newest first, each with its reason.

import { el, timeElement } from './dom.js';
import { duration, moment } from './format.js';
import { stateMark } from './states.js';

export function transitionList(transitions, now) {
    const list = [...transitions].reverse();
    return el('section', { 'aria-labelledby': 'transitions-title' }, el('h2', { id: 'transitions-title' }, 'What happened'),
        list.length === 0 ? el('p', { class: 'hint' }, 'Its state has not changed since it was first heard of.')
            : el('div', { class: 'scrolls tall', tabindex: 0, role: 'region', 'aria-labelledby': 'transitions-title' }, el('table', { class: 'transitions' },
                el('thead', {}, el('tr', {}, ['Time', 'State', 'For', 'Reason'].map((text) => el('th', { scope: 'col', class: text === 'For' ? 'number' : null }, text)))),
                el('tbody', {}, list.map((change, index) => el('tr', {},
                    el('td', { class: 'number' }, timeElement(change.at, moment(change.at, now))), el('td', {}, stateMark(change.to)),
                    el('td', { class: 'number' }, duration(Math.max(0, Math.round(((list[index - 1]?.at ?? now) - change.at) / 1000)))), el('td', { class: 'wide' }, change.reason)))))));
}
