// The query's states over the time that the charts show, as a strip with the same scale.

import { el, setAttribute, svg } from './dom.js';
import { margin } from './chart.js';
import { clock, duration, moment } from './format.js';
import { linear } from './scale.js';
import { stateShape, stateWord } from './states.js';

const height = 26;

/** From when to when the query was in which state, as far as transitions are known; the last one goes on. */
export function spans(transitions, query, end) {
    const found = transitions.map((change, index) => ({ state: change.to, from: change.at, to: transitions[index + 1]?.at ?? end, reason: change.reason }));
    if (found.length === 0 && query?.state) {
        const since = end - (query.stateSeconds ?? 0) * 1000;
        return [{ state: query.state, from: since, to: end, reason: query.stateReason }];
    }
    return found;
}

export class Timeline {
    constructor() {
        this.svg = svg('svg', { height, role: 'img' });
        this.node = el('figure', { class: 'timeline' }, this.svg);
    }

    draw({ from, to, width, query, transitions, restarts, hoverTime }) {
        const x = linear([from, to], [margin.left, width - margin.right]);
        const shown = spans(transitions, query, to).filter((span) => span.to >= from && span.from <= to);
        setAttribute(this.svg, 'width', width);
        setAttribute(this.svg, 'viewBox', `0 0 ${width} ${height}`);
        setAttribute(this.svg, 'aria-label', `States: ${shown.map((span) => `${stateWord(span.state)} from ${clock(span.from)}`).join(', ') || 'unknown'}`);
        this.svg.replaceChildren(
            svg('text', { class: 'y', x: margin.left - 6, y: height / 2 + 3.5 }, 'State'),
            ...shown.map((span) => this.span(span, x, from, to)),
            ...restarts.filter((time) => time >= from && time <= to).map((time) => svg('line', { class: 'restart', x1: x(time), x2: x(time), y1: 1, y2: height - 1 })),
            ...(hoverTime === null ? [] : [svg('line', { class: 'cross', x1: x(hoverTime), x2: x(hoverTime), y1: 0, y2: height })]));
    }

    span(span, x, from, to) {
        const left = x(Math.max(from, span.from));
        const width = Math.max(1.5, x(Math.min(to, span.to)) - left);
        const group = svg('g', { class: 'span', 'data-state': span.state },
            svg('title', {}, `${stateWord(span.state)} since ${moment(span.from, to)}, for ${duration((span.to - span.from) / 1000)}: ${span.reason ?? ''}`),
            svg('rect', { x: left, y: 4, width: Math.max(1, width - 1), height: height - 8, rx: 2 }));
        if (width > 22) {
            const shape = stateShape(span.state);
            shape.setAttribute('x', left + 6);
            shape.setAttribute('y', height / 2 - 6);
            group.append(shape);
        }
        const word = stateWord(span.state);
        if (width > 30 + word.length * 7) group.append(svg('text', { x: left + 22, y: height / 2 + 4 }, word));
        return group;
    }
}
