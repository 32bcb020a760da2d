// The state stores' own counters of a query's points: a column for each name, the oldest value first. They have a bound of their own,
// since a store may count hundreds of things under names that change: the ordinary charts lose no point by it.

/** As many as the server keeps. A name more is refused until another has no value left. */
const mostColumns = 256;
/** Where the columns together are longer, their oldest values go: they are then about the newest points alone. */
const mostCells = 1_000_000;

const isEmpty = (values) => !values.some((value) => value !== null);

/** To its readers a map of names, in their order, to values as long as the points. */
export class CustomColumns {
    columns = new Map();
    /** So many of the oldest points are here without a value, beside so many that are here. */
    before = 0;
    length = 0;

    /** @param columns values by name, each as long as the points are many. */
    constructor(columns, length) {
        this.length = length;
        const known = Object.entries(columns).filter(([, values]) => !isEmpty(values)).sort(byName).slice(0, mostColumns);
        for (const [name, values] of known) this.columns.set(name, values);
        this.trim();
    }

    get size() { return this.columns.size; }

    has(name) { return this.columns.has(name); }

    keys() { return this.columns.keys(); }

    get(name) {
        const values = this.columns.get(name);
        return !values || this.before === 0 ? values : [...new Array(this.before).fill(null), ...values];
    }

    * [Symbol.iterator]() {
        for (const name of this.columns.keys()) yield [name, this.get(name)];
    }

    /** Takes the metrics of a point at its place among all; `isKnown` where the point was there. */
    put(place, isKnown, metrics) {
        const at = place - this.before;
        if (at < 0) {
            if (!isKnown) this.before += 1;
            return;
        }
        this.add(Object.keys(metrics));
        for (const [name, values] of this.columns) values.splice(at, isKnown ? 1 : 0, (Object.hasOwn(metrics, name) ? metrics[name] : null) ?? null);
        if (!isKnown) this.length += 1;
        this.trim();
    }

    /** Takes some points of an older history, which are right before the first one here. */
    prepend(older, from, to) {
        // Where older values went for lack of room, there is none for still older ones.
        if (this.before > 0) {
            this.before += to - from;
            return;
        }
        this.add([...older.keys()].filter((name) => !isEmpty(older.get(name).slice(from, to))));
        for (const [name, values] of this.columns) values.unshift(...(older.get(name)?.slice(from, to) ?? new Array(to - from).fill(null)));
        this.length += to - from;
        this.trim();
    }

    /** Forgets the oldest points. */
    evict(count) {
        const missing = Math.min(count, this.before);
        this.before -= missing;
        this.cut(count - missing);
    }

    trim() {
        const excess = this.length - Math.floor(mostCells / Math.max(1, this.columns.size));
        if (excess <= 0) return;
        this.before += excess;
        this.cut(excess);
    }

    /** A column whose last value goes, goes with it. */
    cut(count) {
        if (count === 0) return;
        this.length -= count;
        for (const [name, values] of this.columns) {
            if (!isEmpty(values.splice(0, count)) && isEmpty(values)) this.columns.delete(name);
        }
    }

    /** Makes columns for names that have none, in the order of the names, as far as there is room. */
    add(wanted) {
        const missing = wanted.filter((name) => !this.columns.has(name)).sort().slice(0, mostColumns - this.columns.size);
        if (missing.length === 0) return;
        this.columns = new Map([...this.columns, ...missing.map((name) => [name, new Array(this.length).fill(null)])].sort(byName));
    }
}

const byName = ([a], [b]) => (a < b ? -1 : a > b ? 1 : 0);
