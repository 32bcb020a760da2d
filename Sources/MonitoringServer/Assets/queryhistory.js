// One query's points as columns, as the charts read them: the oldest first, null where nothing is known.

/** More are not kept; a page that is open for days must not grow. Points of many columns are fewer. */
const mostPoints = 20_000;
const mostCells = 1_000_000;

const names = [
    'batchId', 'inputRows', 'inputRowsPerSecond', 'processedRowsPerSecond', 'durationSeconds', 'lagRecords', 'watermarkDelaySeconds',
    'stateRows', 'stateBytes', 'lateRows', 'stateRowsUpdated', 'stateRowsRemoved',
];

/** A point's measures that have names of the query's own: each name is a column. */
const groups = { phases: 'phaseSeconds', customMetrics: 'customMetrics' };

export class QueryHistory {
    /** @param stepSeconds how long the time of a point is; 0 where each is a trigger. */
    constructor(history = {}, stepSeconds = 0) {
        this.stepSeconds = stepSeconds;
        this.time = [...(history.time ?? [])];
        const column = (values) => this.time.map((_, index) => values?.[index] ?? null);
        this.columns = Object.fromEntries(names.map((name) => [name, column(history[name])]));
        for (const [group, key] of Object.entries(groups)) {
            this[group] = new Map(Object.entries(history[key] ?? {}).sort(byName).map(([name, values]) => [name, column(values)]));
        }
        this.putInOrder();
    }

    get length() { return this.time.length; }

    /** How many points are kept. */
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
        for (const [group, key] of Object.entries(groups)) {
            this.addColumns(group, Object.keys(point[key] ?? {}));
            for (const [name, values] of this[group]) put(values, point[key]?.[name]);
        }
        put(this.time, point.time);
        for (const name of names) put(this.columns[name], point[name]);
        const excess = this.length - this.most;
        if (excess > 0) for (const values of this.all()) values.splice(0, excess);
    }

    /** Takes the points of an older answer that are before the first one here. */
    prepend(history) {
        const older = new QueryHistory(history);
        const end = this.length > 0 ? older.firstAfter(this.time[0] - 1) : older.length;
        const room = Math.max(0, Math.min(end, this.most - this.length));
        const put = (values, more) => values.unshift(...(more?.slice(end - room, end) ?? new Array(room).fill(null)));
        for (const group of Object.keys(groups)) {
            this.addColumns(group, older[group].keys());
            for (const [name, values] of this[group]) put(values, older[group].get(name));
        }
        put(this.time, older.time);
        for (const name of names) put(this.columns[name], older.columns[name]);
        return room;
    }

    /** Makes columns for names that have none yet, in the order of the names. */
    addColumns(group, wanted) {
        const missing = [...wanted].filter((name) => !this[group].has(name));
        if (missing.length === 0) return;
        this[group] = new Map([...this[group], ...missing.map((name) => [name, this.time.map(() => null)])].sort(byName));
    }

    /** Every column. */
    all() {
        return [this.time, ...Object.values(this.columns), ...Object.keys(groups).flatMap((group) => [...this[group].values()])];
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

    /** Points come in the order of their arrival; a clock that was set back would make them go left. */
    putInOrder() {
        if (this.time.every((time, index) => index === 0 || this.time[index - 1] <= time)) return;
        const order = this.time.map((_, index) => index).sort((a, b) => this.time[a] - this.time[b]);
        for (const values of this.all()) values.splice(0, values.length, ...order.map((index) => values[index]));
    }
}

const byName = ([a], [b]) => (a < b ? -1 : a > b ? 1 : 0);
