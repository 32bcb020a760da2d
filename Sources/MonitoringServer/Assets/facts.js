// The figures of a query at a glance, its verdict and its failure.

import { bar, el, timeElement } from './dom.js';
import * as format from './format.js';
import { shownName } from './metricnames.js';

const isKnown = (value) => typeof value === 'number';

/** A figure with its name and what it is to be compared with. */
function tile(name, value, detail, flag) {
    return el('div', { class: 'tile', 'data-flag': flag }, el('dt', {}, name), el('dd', {}, el('span', { class: 'tile-value' }, value), el('span', { class: 'tile-detail' }, detail ?? '')));
}

export function tiles(query) {
    const sustained = (value) => (isKnown(value) ? `${format.shortRate(value)} sustained` : '');
    const { stateUse, counts = {} } = query;
    const isLong = query.triggerIntervalSeconds > 0 && query.batchDurationSeconds > query.triggerIntervalSeconds;
    const growth = isKnown(stateUse?.rowsPerHour) ? `${format.signed(format.compact(stateUse.rowsPerHour), stateUse.rowsPerHour)} rows/h` : '';
    const lagParts = [isKnown(query.lagSeconds) ? `${format.duration(query.lagSeconds)} of work` : null, isKnown(query.lagFiles) ? format.counted(query.lagFiles, 'file') : null,
        isKnown(query.lagBytes) ? format.bytes(query.lagBytes) : null];
    return el('dl', { class: 'tiles' },
        tile('Input', format.rate(query.inputRowsPerSecond), sustained(query.sustainedInputRowsPerSecond)),
        tile('Processed', format.rate(query.processedRowsPerSecond), isKnown(query.sustainedProcessedRowsPerSecond) ? `${format.shortRate(query.sustainedProcessedRowsPerSecond)} possible` : ''),
        tile('Last batch', format.duration(query.batchDurationSeconds), isKnown(query.triggerIntervalSeconds) ? `of ${format.duration(query.triggerIntervalSeconds)} interval` : '', isLong ? 'bad' : null),
        tile('Busy', format.percent(query.busyRatio), { none: 'keeps up', momentary: 'behind for a moment', sustained: 'behind for long' }[query.pressure] ?? '', query.pressure === 'sustained' ? 'bad' : null),
        tile('Lag', isKnown(query.lagRecords) ? `${format.compact(query.lagRecords)} records` : format.unknown, lagParts.filter(Boolean).join(', ')),
        tile('Watermark', format.duration(query.watermarkDelaySeconds), isKnown(query.watermark) ? `behind, at ${format.moment(query.watermark)}` : 'none'),
        tile('State', isKnown(stateUse?.rows) ? `${format.count(stateUse.rows)} rows` : format.unknown, [isKnown(stateUse?.bytes) ? format.bytes(stateUse.bytes) : '', growth].filter(Boolean).join(', ') || 'none'),
        tile('Batch', isKnown(query.batchId) ? format.whole(query.batchId) : format.unknown, isKnown(counts.batches) ? `${format.counted(counts.batches, 'batch', 'batches')} seen` : ''),
        tile('Rows', format.count(counts.inputRows), `read; ${isKnown(counts.lateRows) ? format.count(counts.lateRows) : format.unknown} late`),
        tile('Restarts', format.whole(counts.restarts), `${format.whole(query.restartsInLastHour)} in the last hour, ${format.counted(counts.failures ?? 0, 'failure')}`, query.restartsInLastHour > 2 ? 'bad' : null));
}

const verdicts = {
    overProvisioned: 'Over-provisioned', wellProvisioned: 'Well provisioned', underProvisioned: 'Under-provisioned', bottleneck: 'Bottleneck', unknown: 'No verdict yet',
};

export function verdict(sizing) {
    if (!sizing) return null;
    const advice = sizing.advice ?? [];
    return el('section', { class: 'verdict', 'data-kind': sizing.kind, 'aria-labelledby': 'verdict-title' },
        el('h2', { id: 'verdict-title' }, 'Sizing'),
        el('p', {}, el('strong', {}, (verdicts[sizing.kind] ?? sizing.kind) + (sizing.phase ? `: ${sizing.phase}` : '')), ` – ${sizing.summary}.`),
        advice.length > 0 ? el('ul', {}, advice.map((text) => el('li', {}, text))) : null);
}

export function failure(failed, now) {
    if (!failed) return null;
    const [first, ...rest] = failed.exception.split('\n').filter((line, index) => index > 0 || line.trim() !== '');
    return el('section', { class: 'failure', 'aria-labelledby': 'failure-title' },
        el('h2', { id: 'failure-title' }, 'Failed', failed.errorClass ? el('code', {}, failed.errorClass) : null),
        el('p', {}, first ?? ''),
        el('p', { class: 'hint' }, timeElement(failed.at, format.moment(failed.at, now)), `, run ${failed.runId}`),
        rest.length > 0 ? el('details', {}, el('summary', {}, `The whole exception (${format.counted(rest.length + 1, 'line')})`), el('pre', { tabindex: 0 }, failed.exception)) : null);
}

/** What the triggers spend their time on, over the window of the verdict. */
export function phaseTable(query) {
    const phases = query.phases ?? [];
    if (phases.length === 0) return null;
    return el('section', { 'aria-labelledby': 'phases-title' }, el('h2', { id: 'phases-title' }, 'Where the time goes'),
        el('div', { class: 'scrolls' }, el('table', {},
            el('thead', {}, el('tr', {}, el('th', { scope: 'col' }, 'Phase'), el('th', { scope: 'col', class: 'number' }, 'Last'), el('th', { scope: 'col', class: 'number' }, 'Mean'), el('th', { scope: 'col', class: 'number' }, 'Share'), el('th', { scope: 'col' }, el('span', { class: 'visually-hidden' }, 'Share as a bar')))),
            el('tbody', {}, phases.map(({ phase, meanSeconds, share }) => el('tr', {}, el('th', { scope: 'row' }, phase), el('td', { class: 'number' }, format.duration(query.phaseSeconds?.[phase])),
                el('td', { class: 'number' }, format.duration(meanSeconds)), el('td', { class: 'number' }, format.percent(share)), el('td', { class: 'bar-cell' }, bar(share, 1, format.percent(share)))))))));
}

/** The state stores' own counters, with how they changed since the batch before where the page saw it. */
export function customTable(query, before) {
    const metrics = Object.entries(query.customMetrics ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
    if (metrics.length === 0) return null;
    return el('section', { 'aria-labelledby': 'custom-title' }, el('h2', { id: 'custom-title' }, 'Custom metrics of the state'),
        el('div', { class: 'scrolls tall', tabindex: 0, role: 'region', 'aria-labelledby': 'custom-title' }, el('table', { class: 'counters' },
            el('thead', {}, el('tr', {}, el('th', { scope: 'col' }, 'Metric'), el('th', { scope: 'col', class: 'number' }, 'Last batch'), el('th', { scope: 'col', class: 'number' }, 'Change'))),
            el('tbody', {}, metrics.map(([name, value]) => {
                const by = isKnown(before?.[name]) ? value - before[name] : null;
                return el('tr', {}, el('th', { scope: 'row' }, el('span', { class: 'clamped', title: shownName(name) }, shownName(name))), el('td', { class: 'number' }, format.whole(value)), el('td', { class: 'number' }, by === null ? format.unknown : format.signed(format.whole(by), by)));
            })))));
}
