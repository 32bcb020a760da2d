// Lag by source and partition: what waits, whether it grows, and when it will be worked off.

import { bar, el, refill } from './dom.js';
import * as format from './format.js';

/** Partitions that are shown before the rest is asked for. */
const few = 12;

export class LagTable {
    shownAll = new Set();

    constructor() {
        this.content = el('div', {});
        this.node = el('section', { class: 'lag', 'aria-labelledby': 'lag-title' }, el('h2', { id: 'lag-title' }, 'Lag by source and partition'), this.content);
    }

    draw(query, partitions) {
        const lags = query?.lags ?? [];
        this.last = [query, partitions];
        refill(this.content, lags.length === 0
            ? [el('p', { class: 'hint' }, 'No source has told its offsets yet.')]
            : lags.map((lag) => this.source(lag, partitions[lag.index] ?? [])));
    }

    source(lag, partitions) {
        const facts = [
            ['Behind', lag.records === null || lag.records === undefined ? format.unknown : `${format.count(lag.records)} records`],
            ['Time behind', format.duration(lag.secondsBehind)],
            ['Trend', trendText(lag.trendPerSecond)],
            ['Arrives', format.rate(lag.inputRowsPerSecond)],
            ['Can process', format.rate(lag.processedRowsPerSecond)],
            ['Caught up in', catchUp(lag)],
        ];
        if (typeof lag.files === 'number') facts.push(['Files waiting', format.count(lag.files)]);
        if (typeof lag.bytes === 'number') facts.push(['Bytes waiting', format.bytes(lag.bytes)]);
        return el('div', { class: 'source' },
            el('h3', {}, lag.description || `Source ${lag.index + 1}`),
            el('dl', { class: 'facts' }, facts.map(([name, value]) => el('div', {}, el('dt', {}, name), el('dd', {}, value)))),
            lag.unknownPartitions > 0 ? el('p', { class: 'hint' }, `Of ${format.counted(lag.unknownPartitions, 'partition')} it is not known.`) : null,
            partitions.length > 0 ? this.table(lag, partitions) : null);
    }

    table(lag, partitions) {
        const most = partitions.reduce((all, { records }) => Math.max(all, records ?? 0), 0);
        const sorted = [...partitions].sort((a, b) => (b.records ?? -1) - (a.records ?? -1));
        const isAll = this.shownAll.has(lag.index);
        const shown = isAll ? sorted : sorted.slice(0, few);
        const heads = [['Topic'], ['Partition', 'number'], ['Read up to', 'number minor'], ['Newest', 'number minor'], ['Behind', 'number'], ['Time behind', 'number'], ['Share', 'bar-cell'], ['Trend', 'number'], ['Caught up in', 'number']];
        const table = el('table', { class: 'partitions' },
            el('thead', {}, el('tr', {}, heads.map(([text, kind]) => el('th', { scope: 'col', class: kind }, text)))),
            el('tbody', {}, shown.map((partition) => this.partition(partition, most))));
        const more = sorted.length > few ? el('button', { type: 'button', class: 'quiet', 'aria-expanded': String(isAll), onclick: () => {
            if (!this.shownAll.delete(lag.index)) this.shownAll.add(lag.index);
            this.draw(...this.last);
        } }, isAll ? 'Show fewer' : `Show all ${sorted.length} partitions`) : null;
        return el('div', {}, el('div', { class: 'scrolls' }, table), more);
    }

    partition(partition, most) {
        const { records } = partition;
        const number = (text, more = '') => el('td', { class: `number${more}` }, text);
        return el('tr', {},
            el('th', { scope: 'row' }, partition.topic || format.unknown), number(partition.partition),
            number(format.whole(partition.endOffset), ' minor'), number(format.whole(partition.latestOffset), ' minor'), number(format.whole(records)), number(format.duration(partition.secondsBehind)),
            el('td', { class: 'bar-cell' }, typeof records === 'number' ? bar(records, most, `${format.count(records)} records behind`) : format.unknown), number(trendText(partition.trendPerSecond)), number(partitionCatchUp(partition)));
    }
}

function trendText(perSecond) {
    if (typeof perSecond !== 'number') return format.unknown;
    if (Math.abs(perSecond) < 0.05) return '→ steady';
    return `${perSecond > 0 ? '↗ +' : '↘ '}${format.compact(perSecond)}/s`;
}

/** Where both rates are known, only a lag that never ends has no time: there is too little power, or a limit holds it back. */
function catchUp(lag) {
    const isHopeless = lag.records > 0 && typeof lag.inputRowsPerSecond === 'number' && typeof lag.processedRowsPerSecond === 'number';
    return catchUpText(lag.catchUpSeconds, isHopeless ? 'never at these rates' : format.unknown);
}

/** Where it is known how much work waits, it is also known whether that will end. */
function partitionCatchUp({ records, catchUpSeconds, secondsBehind, trendPerSecond }) {
    // A partition that is not read at all has no seconds, and grows.
    const isHopeless = secondsBehind > 0 || (records > 0 && trendPerSecond > 0);
    return catchUpText(catchUpSeconds, isHopeless ? 'never at these rates' : format.unknown);
}

function catchUpText(seconds, otherwise) {
    if (typeof seconds !== 'number') return otherwise;
    return seconds === 0 ? 'caught up' : format.duration(seconds);
}
