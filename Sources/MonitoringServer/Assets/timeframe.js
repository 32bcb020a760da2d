// The time that the charts show: a length up to now, the batches that are at hand, or what was zoomed to.

const lengths = { '15m': 15 * 60_000, '1h': 3_600_000, '24h': 86_400_000, '7d': 7 * 86_400_000, '30d': 30 * 86_400_000, '1y': 365 * 86_400_000 };

/** Less than this is no range that one can have meant. */
const shortest = 2_000;

export class TimeFrame {
    mode = 'recent';
    zoom = null;

    choose(mode) {
        this.mode = mode;
        this.zoom = null;
    }

    /** Zooms to what lies between two times; false where that is nothing. */
    zoomTo(from, to) {
        const [first, last] = [Math.min(from, to), Math.max(from, to)];
        if (last - first < shortest) return false;
        this.zoom = [first, last];
        return true;
    }

    /** Zooms in (below 1) or out around a time. */
    scale(factor, around, shown) {
        const [from, to] = shown;
        this.zoomTo(around - (around - from) * factor, around + (to - around) * factor);
    }

    /** The times from and to, where there are points from a `first` to a `last` time. A query that runs is shown up to now, so that a silence is seen; one that ended at a time, to shortly after. */
    range({ first: earliest, last: latest }, now, endedAt) {
        if (this.zoom) return this.zoom;
        const last = latest ?? now;
        const first = earliest ?? Math.min(now, last);
        const end = endedAt === null ? Math.max(last, now) : Math.min(now, Math.max(last, endedAt) + Math.max(10_000, (last - first) * 0.04));
        if (lengths[this.mode]) return [end - lengths[this.mode], end];
        return end - first < shortest ? [end - 60_000, end] : [first, end];
    }
}
