// One query's points as columns, as the charts read them: the oldest first, null where nothing is known.

/** More are not kept; a page that is open for days must not grow. */
const mostPoints = 20_000;

const names = [
    'batchId', 'inputRows', 'inputRowsPerSecond', 'processedRowsPerSecond', 'durationSeconds', 'lagRecords', 'watermarkDelaySeconds',
    'stateRows', 'stateBytes', 'lateRows',
];

export class QueryHistory {
    /** @param stepSeconds how long the time of a point is; 0 where each is a trigger. */
    constructor(history = {}, stepSeconds = 0) {
        this.stepSeconds = stepSeconds;
        this.time = [...(history.time ?? [])];
        const column = (values) => this.time.map((_, index) => values?.[index] ?? null);
        this.columns = Object.fromEntries(names.map((name) => [name, column(history[name])]));
        this.phases = new Map(Object.entries(history.phaseSeconds ?? {}).sort(byName).map(([name, values]) => [name, column(values)]));
        this.putInOrder();
    }

    get length() { return this.time.length; }

    /** Whether a measure was ever known. */
    has(name) { return this.columns[name].some((value) => value !== null); }

    /** Takes the point of a batch; one that is here already, since an answer overtook its event, is replaced. */
    append(point) {
        let place = this.length;
        while (place > 0 && this.time[place - 1] > point.time) place -= 1;
        const isKnown = place > 0 && this.time[place - 1] === point.time && this.columns.batchId[place - 1] === (point.batchId ?? null);
        if (isKnown) place -= 1;
        const put = (values, value) => values.splice(place, isKnown ? 1 : 0, value ?? null);
        for (const name of Object.keys(point.phaseSeconds ?? {})) {
            if (this.phases.has(name)) continue;
            this.phases.set(name, this.time.map(() => null));
            this.phases = new Map([...this.phases].sort(byName));
        }
        put(this.time, point.time);
        for (const name of names) put(this.columns[name], point[name]);
        for (const [name, values] of this.phases) put(values, point.phaseSeconds?.[name]);
        if (this.length <= mostPoints) return;
        for (const values of [this.time, ...Object.values(this.columns), ...this.phases.values()]) values.shift();
    }

    /** Takes the points of an older answer that are before the first one here. */
    prepend(history) {
        const older = new QueryHistory(history);
        const end = this.length > 0 ? older.firstAfter(this.time[0] - 1) : older.length;
        const room = Math.max(0, Math.min(end, mostPoints - this.length));
        const put = (values, more) => values.unshift(...(more?.slice(end - room, end) ?? new Array(room).fill(null)));
        for (const name of older.phases.keys()) if (!this.phases.has(name)) this.phases.set(name, this.time.map(() => null));
        this.phases = new Map([...this.phases].sort(byName));
        put(this.time, older.time);
        for (const name of names) put(this.columns[name], older.columns[name]);
        for (const [name, values] of this.phases) put(values, older.phases.get(name));
        return room;
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
        const sort = (values) => order.map((index) => values[index]);
        this.time = sort(this.time);
        for (const name of names) this.columns[name] = sort(this.columns[name]);
        for (const [name, values] of this.phases) this.phases.set(name, sort(values));
    }
}

const byName = ([a], [b]) => (a < b ? -1 : a > b ? 1 : 0);
