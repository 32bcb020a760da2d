// Axes: round steps for values, for bytes and for lengths of time, and for the time of day.

import { day, minute, clock } from './format.js';

/** From here to there on the screen, and back. */
export function linear([from, to], [start, end]) {
    const factor = to === from ? 0 : (end - start) / (to - from);
    const scale = (value) => start + (value - from) * factor;
    scale.invert = (position) => (factor === 0 ? from : from + (position - start) / factor);
    return scale;
}

const decimal = [1, 2, 2.5, 5, 10];
/** Steps of time that divide minutes, hours and days. */
const seconds = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400];

function stepFor(span, wanted, isTime) {
    const least = span / wanted;
    if (isTime && least >= 1) {
        const step = seconds.find((candidate) => candidate >= least);
        if (step) return step;
        return 86_400 * stepFor(span / 86_400, wanted, false);
    }
    const size = 10 ** Math.floor(Math.log10(least));
    return size * decimal.find((factor) => factor * size >= least * 0.999);
}

/** A range of values that holds 0 and ends in whole steps, and its marks. */
export function valueAxis(least, most, { isTime = false, isWhole = false } = {}) {
    const [low, high] = [Math.min(0, least), Math.max(0, most)];
    const span = high - low || 1;
    let step = stepFor(span, 4, isTime);
    if (isWhole) step = Math.max(1, step);
    const first = Math.floor(low / step + 1e-9);
    const last = Math.max(first + 1, Math.ceil(high / step - 1e-9));
    const marks = [];
    for (let index = first; index <= last; index += 1) marks.push(index * step);
    return { range: [first * step, last * step], marks };
}

/** Marks on the time axis with their texts, at round times of the reader's zone. */
export function timeMarks(from, to, wanted) {
    const span = (to - from) / 1000;
    if (!(span > 0)) return [];
    const step = stepFor(span, Math.max(1, wanted), true) * 1000;
    const shift = new Date(from).getTimezoneOffset() * 60_000;
    const marks = [];
    for (let time = Math.ceil((from - shift) / step) * step + shift; time <= to; time += step) {
        const isDay = new Date(time).getHours() === 0 && new Date(time).getMinutes() === 0;
        marks.push({ time, text: step < 60_000 ? clock(time) : isDay ? day(time) : minute(time) });
    }
    return marks;
}
