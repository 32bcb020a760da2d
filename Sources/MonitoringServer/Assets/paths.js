// Values as the text of an SVG path.

const round = (value) => Math.round(value * 10) / 10;

/**
 * The runs of known values: a gap is where nothing is known, where the query began anew, and where nothing came for much longer than
 * usual. A line across any of them would tell of batches that never were.
 */
export function runs({ time, values, range: [first, end], breaks, longest }) {
    const found = [];
    let run = null;
    let nextBreak = 0;
    for (let index = first; index < end; index += 1) {
        const value = values[index];
        if (value === null) { run = null; continue; }
        while (nextBreak < breaks.length && run && breaks[nextBreak] <= time[run.at(-1)]) nextBreak += 1;
        const isBroken = run && (time[index] - time[run.at(-1)] > longest || (nextBreak < breaks.length && breaks[nextBreak] <= time[index]));
        if (!run || isBroken) found.push(run = []);
        run.push(index);
    }
    return found;
}

/** How long after a point another still belongs to it: ten times what is usual, and half a minute at least. */
export function longestGap(time, [first, end]) {
    const steps = [];
    for (let index = first + 1; index < end; index += 1) steps.push(time[index] - time[index - 1]);
    steps.sort((a, b) => a - b);
    return Math.max(30_000, 10 * (steps[steps.length >> 1] ?? 0));
}

/**
 * Of more points than the screen has columns, the first, the last, the least and the most in each column: no peak is lost and the path
 * stays short.
 */
export function thinned(run, x, y) {
    const points = run.map((index) => [x(index), y(index)]);
    const columns = points.length > 1 ? points.at(-1)[0] - points[0][0] : 0;
    if (points.length <= Math.max(64, 2 * columns)) return points;
    const kept = [];
    let group = [];
    const flush = () => {
        if (group.length === 0) return;
        const [least, most] = [Math.min(...group.map((p) => p[1])), Math.max(...group.map((p) => p[1]))];
        const wanted = new Set([0, group.length - 1, group.findIndex((p) => p[1] === least), group.findIndex((p) => p[1] === most)]);
        kept.push(...group.filter((_, index) => wanted.has(index)));
        group = [];
    };
    for (const point of points) {
        if (group.length > 0 && Math.floor(point[0]) !== Math.floor(group[0][0])) flush();
        group.push(point);
    }
    flush();
    return kept;
}

/** A line through the points; a single one becomes a dot, drawn by the round end of a line without length. */
export function line(points) {
    if (points.length === 1) return `M${round(points[0][0])} ${round(points[0][1])}h0`;
    return points.map(([x, y], index) => `${index === 0 ? 'M' : 'L'}${round(x)} ${round(y)}`).join('');
}

/** What lies between two lines of the same run. */
export function area(top, bottom) {
    if (top.length === 0) return '';
    // A single batch has to have some width to be seen.
    if (top.length === 1) {
        const [[x, y], [, base]] = [top[0], bottom[0]];
        return `M${round(x - 1)} ${round(base)}V${round(y)}h2V${round(base)}Z`;
    }
    return `${line(top)}${line([...bottom].reverse()).replace('M', 'L')}Z`;
}
