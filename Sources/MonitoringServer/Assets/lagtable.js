// Lag by source and partition: what waits, whether it grows, and when it will be worked off.

import { bar, el, refill } from './dom.js';
import * as format from './format.js';

/** Partitions that are shown before the rest is asked for. */
const few = 12;

/** Kept of each partition for its trend, which the server tells of sources only. */
const mostSamples = 20;

export class LagTable {
    samples = new Map();
    shownAll = new Set();

    constructor() {
        this.content = el('div', {});
        this.node = el('section', { class: 'lag', 'aria-labelledby': 'lag-title' }, el('h2', { id: 'lag-title' }, 'Lag by source and partition'), this.content);
    }

    /** Notes how far each partition is behind now. */
    sample(partitions, time) {
        partitions.forEach((list, source) => {
            for (const partition of list) {
                const name = `${source}/${partition.topic}/${partition.partition}`;
                const kept = this.samples.get(name) ?? [];
                if (typeof partition.records !== 'number' || kept.at(-1)?.time === time) continue;
                kept.push({ time, records: partition.records });
                if (kept.length > mostSamples) kept.shift();
                this.samples.set(name, kept);
            }
        });
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
        const heads = [['Topic'], ['Partition', true], ['Read up to', 'minor'], ['Newest', 'minor'], ['Behind', true], ['Share'], ['Trend', true], ['Caught up in', true]];
        const table = el('table', { class: 'partitions' },
            el('thead', {}, el('tr', {}, heads.map(([text, isNumber]) => el('th', { scope: 'col', class: isNumber ? `number ${isNumber === true ? '' : isNumber}`.trim() : null }, text)))),
            el('tbody', {}, shown.map((partition) => this.partition(lag, partition, most))));
        const more = sorted.length > few ? el('button', { type: 'button', class: 'quiet', 'aria-expanded': String(isAll), onclick: () => {
            if (!this.shownAll.delete(lag.index)) this.shownAll.add(lag.index);
            this.draw(...this.last);
        } }, isAll ? 'Show fewer' : `Show all ${sorted.length} partitions`) : null;
        return el('div', {}, el('div', { class: 'scrolls' }, table), more);
    }

    partition(lag, partition, most) {
        const { records } = partition;
        const trend = this.trend(`${lag.index}/${partition.topic}/${partition.partition}`);
        const number = (text, more = '') => el('td', { class: `number${more}` }, text);
        return el('tr', {},
            el('th', { scope: 'row' }, partition.topic || format.unknown), number(partition.partition),
            number(format.whole(partition.endOffset), ' minor'), number(format.whole(partition.latestOffset), ' minor'), number(format.whole(records)),
            el('td', { class: 'bar-cell' }, typeof records === 'number' ? bar(records, most, `${format.count(records)} records behind`) : format.unknown), number(trendText(trend)), number(partitionCatchUp(records, trend)));
    }

    /** By how many records a second it grows, over what was seen since the page was opened; null before there is enough. */
    trend(name) {
        const kept = this.samples.get(name) ?? [];
        const [first, last] = [kept[0], kept.at(-1)];
        if (kept.length < 3 || last.time <= first.time) return null;
        return (last.records - first.records) / (last.time - first.time) * 1000;
    }
}

function trendText(perSecond) {
    if (typeof perSecond !== 'number') return format.unknown;
    if (Math.abs(perSecond) < 0.05) return '→ steady';
    return `${perSecond > 0 ? '↗ +' : '↘ '}${format.compact(perSecond)}/s`;
}

function catchUp(lag) {
    if (typeof lag.catchUpSeconds === 'number') return lag.catchUpSeconds === 0 ? 'caught up' : format.duration(lag.catchUpSeconds);
    const isHopeless = lag.records > 0 && typeof lag.inputRowsPerSecond === 'number' && typeof lag.processedRowsPerSecond === 'number'
        && lag.processedRowsPerSecond <= lag.inputRowsPerSecond;
    return isHopeless ? 'never at these rates' : format.unknown;
}

function partitionCatchUp(records, trend) {
    if (records === 0) return 'caught up';
    if (typeof records !== 'number' || trend === null) return format.unknown;
    return trend < -0.05 ? format.duration(records / -trend) : 'not while it grows';
}
