// A line of a row's last rates, without axes: its shape is what tells, its figures are beside it.

import { svg } from './dom.js';

const width = 96;
const height = 22;

export function sparkline() {
    return svg('svg', { class: 'spark', viewBox: `0 0 ${width} ${height}`, width, height, preserveAspectRatio: 'none', 'aria-hidden': 'true' },
        svg('path', { class: 'spark-area' }), svg('path', { class: 'spark-line' }));
}

/** Draws values, the newest at the right; null is a gap. */
export function updateSparkline(node, values) {
    const [line, area] = paths(values ?? []);
    node.firstChild.setAttribute('d', area);
    node.lastChild.setAttribute('d', line);
}

function paths(values) {
    let most = 0;
    for (const value of values) if (value !== null && value > most) most = value;
    const step = width / 59;
    const start = width - (values.length - 1) * step;
    let line = '';
    let area = '';
    let begin = null;
    let last = 0;
    const close = () => {
        if (begin !== null) area += `L${last} ${height}L${begin} ${height}Z`;
        begin = null;
    };
    values.forEach((value, index) => {
        if (value === null || value === undefined) return close();
        const x = Math.round((start + index * step) * 10) / 10;
        // Half a pixel of room for the line's own width.
        const y = most > 0 ? Math.round((height - 1 - value / most * (height - 3)) * 10) / 10 : height - 1;
        line += `${begin === null ? 'M' : 'L'}${x} ${y}`;
        area += `${begin === null ? 'M' : 'L'}${x} ${y}`;
        if (begin === null) begin = x;
        last = x;
    });
    close();
    return [line, area];
}
