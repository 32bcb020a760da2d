// A query's states: a shape and a word for each, so that nothing rests on colour alone.

import { el, setText, svg } from './dom.js';

/** The states, those that want a look first. */
export const states = ['failed', 'stalled', 'behind', 'restarting', 'starting', 'unknown', 'processing', 'idle', 'terminated'];

/** Shapes in a square of 12: `fill` is painted, `line` is drawn. */
const shapes = {
    failed: { fill: 'M3.8.5h4.4l3.3 3.3v4.4l-3.3 3.3H3.8L.5 8.2V3.8Z', cut: 'M4 4l4 4M8 4 4 8' },
    stalled: { fill: 'M1.5 1h3.2v10H1.5ZM7.3 1h3.2v10H7.3Z' },
    behind: { fill: 'M6 .8 11.7 11H.3Z', cut: 'M6 4.4v3M6 8.8v.6' },
    restarting: { line: 'M10.3 7.2A4.5 4.5 0 1 1 9.6 3.1M9.9.7v2.8H7.1' },
    starting: { line: 'M2.5 1.5v9L10.5 6Z' },
    unknown: { line: 'M3.6 3.9a2.4 2.4 0 1 1 3.5 2.2C6.3 6.5 6 7 6 7.9M6 10.3v.2' },
    processing: { fill: 'M6 .8a5.2 5.2 0 1 1 0 10.4A5.2 5.2 0 0 1 6 .8Z' },
    idle: { line: 'M6 1.5a4.5 4.5 0 1 1 0 9A4.5 4.5 0 0 1 6 1.5Z' },
    terminated: { line: 'M2 2h8v8H2Z' },
};

/** A state of a newer server is shown by its own word and the shape of the unknown. */
const known = (state) => (Object.hasOwn(shapes, state) ? state : 'unknown');

/** The place in the order of severity. */
export const severity = (state) => states.indexOf(known(state));

/** The word as it is read. */
export const stateWord = (state) => (state ? state[0].toUpperCase() + state.slice(1) : '–');

/** The shape alone; the word is beside it. */
export function stateShape(state) {
    const { fill, line, cut } = shapes[known(state)];
    return svg('svg', { class: 'shape', viewBox: '0 0 12 12', width: 12, height: 12, 'aria-hidden': 'true' },
        fill ? svg('path', { class: 'shape-fill', d: fill }) : null,
        line ? svg('path', { class: 'shape-line', d: line }) : null,
        cut ? svg('path', { class: 'shape-cut', d: cut }) : null);
}

/** Shape and word. */
export function stateMark(state) {
    const mark = el('span', { class: 'state' }, stateShape(state), el('span', { class: 'state-word' }));
    updateMark(mark, state);
    return mark;
}

/** Makes a mark show another state. */
export function updateMark(mark, state) {
    if (mark.dataset.state === state) return;
    mark.dataset.state = state ?? 'unknown';
    mark.firstChild.replaceWith(stateShape(state));
    setText(mark.lastChild, stateWord(state));
}
