// Which charts a query has: all that Spark's statistics page has, and the lag.

import * as format from './format.js';
import { shortName, shownName } from './metricnames.js';

const one = (name, key) => (history) => [{ name, values: history.columns[key] }];

/** `needs` is the measure without which a chart is left out; the others are always there, as in Spark's page. */
export const charts = [
    {
        title: 'Input and process rate', hint: 'rows a second that arrived and that were processed: falling behind is where input is above',
        format: format.rate, axisFormat: format.shortRate,
        series: ({ columns }) => [{ name: 'Input', values: columns.inputRowsPerSecond }, { name: 'Processed', values: columns.processedRowsPerSecond }],
    },
    { title: 'Input rows', hint: 'rows that each batch read', format: format.count, axisFormat: format.compact, isWhole: true, series: one('Rows', 'inputRows') },
    {
        title: 'Batch duration', hint: 'how long each trigger took, beside the interval in which it should be done', format: format.duration, isTime: true,
        series: one('Batch', 'durationSeconds'),
        reference: (query) => (query?.triggerIntervalSeconds > 0 ? { name: 'Trigger interval', value: query.triggerIntervalSeconds } : null),
    },
    {
        title: 'Operation duration', hint: 'what each trigger spent its time on', format: format.duration, isTime: true, isStacked: true,
        series: ({ phases }) => [...phases].map(([name, values]) => ({ name, values })),
    },
    { title: 'Records behind', hint: 'records that waited when the batch began', needs: 'lagRecords', format: format.count, axisFormat: format.compact, isWhole: true, series: one('Behind', 'lagRecords') },
    {
        title: 'Global watermark gap', hint: 'how far the watermark was behind the trigger’s start', needs: 'watermarkDelaySeconds',
        format: format.duration, isTime: true, series: one('Gap', 'watermarkDelaySeconds'),
    },
    { title: 'State rows', hint: 'rows that all stateful operators keep', needs: 'stateRows', format: format.count, axisFormat: format.compact, isWhole: true, series: one('Rows', 'stateRows') },
    {
        title: 'State rows updated', hint: 'rows that all stateful operators wrote in each batch', needs: 'stateRowsUpdated',
        format: format.count, axisFormat: format.compact, isWhole: true, series: one('Updated', 'stateRowsUpdated'),
    },
    {
        title: 'State rows removed', hint: 'rows that all stateful operators removed in each batch', needs: 'stateRowsRemoved',
        format: format.count, axisFormat: format.compact, isWhole: true, series: one('Removed', 'stateRowsRemoved'),
    },
    { title: 'State memory', hint: 'memory that all stateful operators use', needs: 'stateBytes', format: format.bytes, series: one('Memory', 'stateBytes') },
    {
        title: 'Late rows dropped', hint: 'rows that came to an operator after the watermark had passed them, in each batch', needs: 'lateRows',
        format: format.count, isWhole: true, series: one('Late rows', 'lateRows'),
    },
];

/** Milliseconds, by the names that Spark's stores have for them: `rocksdbGetLatency`, `rocksdbCommitFlushLatencyMs`. */
const milliseconds = (value) => format.duration(value / 1000);

function customFormat(name) {
    if (/bytes|memory/i.test(name)) return { format: format.bytes };
    if (/latency(ms)?$|ms$/i.test(name)) return { format: milliseconds };
    return { format: format.count, axisFormat: format.compact, isWhole: true };
}

/** The chart of one of the state stores' own counters, which `custom` names: lower than the others, for there may be a dozen. */
export const customChart = (name) => ({
    title: shownName(name), label: shortName(name), hint: `${shownName(name)}, summed over all stateful operators`, custom: name, height: 100, ...customFormat(name),
    series: ({ time, customMetrics }) => [{ name: 'Sum', values: customMetrics.get(name) ?? time.map(() => null) }],
});
