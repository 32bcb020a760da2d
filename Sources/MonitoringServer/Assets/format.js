// Numbers and times as people read them. Unknown is a dash and never 0: a query that says nothing is no query without rows.

export const unknown = '–';

/** A space that does not break, between a number and its unit. */
const space = '\u00a0';

const isNumber = (value) => typeof value === 'number' && Number.isFinite(value);

/** Three digits at most: 0.05, 1.2, 12.3, 123. */
function short(value) {
    const size = Math.abs(value);
    if (size === 0) return '0';
    if (size >= 99.95) return String(Math.round(value));
    if (size >= 0.995) return String(Math.round(value * 10) / 10);
    return String(Number(value.toPrecision(2)));
}

function stepped(value, units) {
    let size = Math.abs(value);
    let index = 0;
    // 999.6 would be written as 1000.
    while (size >= 999.5 && index < units.length - 1) { size /= 1000; index += 1; }
    return [(value < 0 ? '-' : '') + short(size), units[index]];
}

/** A number in steps of 1,000: `1.2 M`. */
export function compact(value) {
    if (!isNumber(value)) return unknown;
    const [number, unit] = stepped(value, ['', 'k', 'M', 'G', 'T', 'P', 'E']);
    return unit ? number + space + unit : number;
}

// Made once: to make one takes longer than to write a thousand numbers.
const wholeFormat = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });
const exactFormat = new Intl.NumberFormat('en-US', { maximumFractionDigits: 3 });

/** Every digit, with a comma between thousands. */
export function whole(value) {
    if (!isNumber(value)) return unknown;
    return wholeFormat.format(value);
}

/** Every digit and up to three decimals. */
export const exact = (value) => (isNumber(value) ? exactFormat.format(value) : unknown);

/** A count: exact while that is short. */
export const count = (value) => (isNumber(value) && Math.abs(value) < 1e5 ? whole(value) : compact(value));

/** With a word: `3 updates`, `1 update`. */
export const counted = (value, one, many = `${one}s`) => `${whole(value)}${space}${value === 1 ? one : many}`;

/** Rows a second: `1.2 M rows/s`. */
export const rate = (value) => (isNumber(value) ? `${compact(value)}${space}rows/s` : unknown);

/** The same in a column that says what it counts: `1.2 M/s`. */
export const shortRate = (value) => (isNumber(value) ? `${compact(value)}/s` : unknown);

/** A length of time: `350 ms`, `16.6 s`, `4 min 30 s`, `2 h 3 min`, `3 d 4 h`. */
export function duration(seconds) {
    if (!isNumber(seconds)) return unknown;
    const size = Math.abs(seconds);
    const sign = seconds < 0 ? '-' : '';
    if (size === 0) return `0${space}s`;
    if (size < 0.9995) return `${sign}${size < 0.00995 ? short(size * 1000) : Math.round(size * 1000)}${space}ms`;
    if (size < 59.95) return `${sign}${Math.round(size * 10) / 10}${space}s`;
    const all = Math.round(size);
    if (all < 3600) return sign + pair(Math.floor(all / 60), 'min', all % 60, 's');
    const minutes = Math.round(size / 60);
    if (minutes < 1440) return sign + pair(Math.floor(minutes / 60), 'h', minutes % 60, 'min');
    const hours = Math.round(size / 3600);
    return sign + pair(Math.floor(hours / 24), 'd', hours % 24, 'h');
}

function pair(large, largeUnit, small, smallUnit) {
    const first = `${large}${space}${largeUnit}`;
    return small === 0 ? first : `${first}${space}${small}${space}${smallUnit}`;
}

/** The same in one unit, for a narrow column: `4.5 min`. */
export function shortDuration(seconds) {
    if (!isNumber(seconds)) return unknown;
    const size = Math.abs(seconds);
    if (size < 59.95) return duration(seconds);
    const [length, unit] = size < 3597 ? [60, 'min'] : size < 86_300 ? [3600, 'h'] : [86_400, 'd'];
    return `${seconds < 0 ? '-' : ''}${short(size / length)}${space}${unit}`;
}

/** A size in steps of 1,000: `1.5 GB`. */
export function bytes(value) {
    if (!isNumber(value)) return unknown;
    return stepped(value, ['B', 'kB', 'MB', 'GB', 'TB', 'PB', 'EB']).join(space);
}

/** A share of 1. */
export const percent = (share) => (isNumber(share) ? `${Math.round(share * 100)}${space}%` : unknown);

/** With its sign: a change. */
export const signed = (text, value) => (isNumber(value) && value > 0 ? `+${text}` : text);

const clockFormat = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' });
const minuteFormat = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
const dayFormat = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short' });
const yearFormat = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short', year: 'numeric' });

/** The time of day with seconds. */
export const clock = (milliseconds) => (isNumber(milliseconds) ? clockFormat.format(milliseconds) : unknown);

/** The time of day without. */
export const minute = (milliseconds) => minuteFormat.format(milliseconds);

/** The day of the month. */
export const day = (milliseconds) => dayFormat.format(milliseconds);

/** The time of day, with the day where it is not that of `now`. */
export function moment(milliseconds, now = Date.now()) {
    if (!isNumber(milliseconds)) return unknown;
    const [time, today] = [new Date(milliseconds), new Date(now)];
    if (time.toDateString() === today.toDateString()) return clock(milliseconds);
    const format = time.getFullYear() === today.getFullYear() ? dayFormat : yearFormat;
    return `${format.format(time)}, ${clock(milliseconds)}`;
}
