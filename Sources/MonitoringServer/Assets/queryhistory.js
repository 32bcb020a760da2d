// One query's points as columns, as the charts read them: the oldest first, null where nothing is known.

import { CustomColumns } from './customcolumns.js';

/** More are not kept; a page that is open for days must not grow. Points of many columns are fewer. */
const mostPoints = 20_000;
const mostCells = 1_000_000;

const names = [
    'batchId', 'inputRows', 'inputRowsPerSecond', 'processedRowsPerSecond', 'durationSeconds', 'lagRecords', 'watermarkDelaySeconds',
    'stateRows', 'stateBytes', 'lateRows', 'stateRowsUpdated', 'stateRowsRemoved',
];

const valueOf = (values, name) => (values && Object.hasOwn(values, name) ? values[name] : null);

export class QueryHistory {
    /** The time of the newest point that went for lack of room: up to here others may know more. */
    lostUntil = -Infinity;

    /** @param stepSeconds how long the time of a point is; 0 where each is a trigger. */
    constructor(history = {}, stepSeconds = 0) {
        this.stepSeconds = stepSeconds;
        this.time = [...(history.time ?? [])];
        // Points come in the order of their arrival; a clock that was set back would make them go left.
        const order = this.time.map((_, index) => index).sort((a, b) => this.time[a] - this.time[b]);
        this.time = order.map((index) => this.time[index]);
        const column = (values) => order.map((index) => values?.[index] ?? null);
        const group = (columns) => Object.entries(columns ?? {}).map(([name, values]) => [name, column(values)]);
        this.columns = Object.fromEntries(names.map((name) => [name, column(history[name])]));
        this.phases = new Map(group(history.phaseSeconds).sort(byName));
        this.customMetrics = new CustomColumns(Object.fromEntries(group(history.customMetrics)), this.length);
    }

    get length() { return this.time.length; }

    /** How many points are kept: no custom metric makes them fewer. */
    get most() { return Math.min(mostPoints, Math.floor(mostCells / this.all().length)); }

    /** Whether a measure was ever known. */
    has(name) { return this.columns[name].some((value) => value !== null); }

    /** Takes the point of a batch; one that is here already, since an answer overtook its event, is replaced. */
    append(point) {
        let place = this.length;
        while (place > 0 && this.time[place - 1] > point.time) place -= 1;
        const isKnown = place > 0 && this.time[place - 1] === point.time && this.columns.batchId[place - 1] === (point.batchId ?? null);
        if (isKnown) place -= 1;
        const put = (values, value) => values.splice(place, isKnown ? 1 : 0, value ?? null);
        this.addPhases(Object.keys(point.phaseSeconds ?? {}));
        for (const [name, values] of this.phases) put(values, valueOf(point.phaseSeconds, name));
        this.customMetrics.put(place, isKnown, point.customMetrics ?? {});
        put(this.time, point.time);
        for (const name of names) put(this.columns[name], point[name]);
        const excess = this.length - this.most;
        if (excess <= 0) return;
        this.lostUntil = Math.max(this.lostUntil, this.time[excess - 1]);
        for (const values of this.all()) values.splice(0, excess);
        this.customMetrics.evict(excess);
    }

    /** Takes the points of an older answer that are before the first one here; gives how many. */
    prepend(history) {
        const older = new QueryHistory(history);
        const end = this.length > 0 ? older.firstAfter(this.time[0] - 1) : older.length;
        this.addPhases(older.phases.keys());
        const room = Math.max(0, Math.min(end, this.most - this.length));
        if (room < end) this.lostUntil = Math.max(this.lostUntil, older.time[end - room - 1]);
        const put = (values, more) => values.unshift(...(more?.slice(end - room, end) ?? new Array(room).fill(null)));
        for (const [name, values] of this.phases) put(values, older.phases.get(name));
        this.customMetrics.prepend(older.customMetrics, end - room, end);
        put(this.time, older.time);
        for (const name of names) put(this.columns[name], older.columns[name]);
        return room;
    }

    /** Makes columns for phases that have none yet, in the order of the names. */
    addPhases(wanted) {
        const missing = [...wanted].filter((name) => !this.phases.has(name));
        if (missing.length === 0) return;
        this.phases = new Map([...this.phases, ...missing.map((name) => [name, this.time.map(() => null)])].sort(byName));
    }

    /** Every column but those of the custom metrics. */
    all() {
        return [this.time, ...Object.values(this.columns), ...this.phases.values()];
    }

    /** The indices of the points from one time to another: the first, and the one after the last. */
    range(from, to) {
        return [this.firstAfter(from - 1), this.firstAfter(to)];
    }

    /** The index of the point nearest to a time; -1 without any in the range. */
    nearest(time, [first, end]) {
        if (first >= end) return -1;
        const next = Math.min(end - 1, Math.max(first, this.firstAfter(time)));
        const before = Math.max(first, next - 1);
        return time - this.time[before] <= this.time[next] - time ? before : next;
    }

    firstAfter(time) {
        let [low, high] = [0, this.length];
        while (low < high) {
            const middle = (low + high) >> 1;
            if (this.time[middle] <= time) low = middle + 1;
            else high = middle;
        }
        return low;
    }
}

const byName = ([a], [b]) => (a < b ? -1 : a > b ? 1 : 0);
