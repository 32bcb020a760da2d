// The difference of two JSON values by structure: where they differ, what was there and what is there now.

/** What differs: `path` as text, `before` and `after`, one of which is undefined where it was added or removed. */
export function differences(before, after) {
    const found = [];
    compare(before, after, '', found);
    return found;
}

function compare(before, after, path, found) {
    if (Object.is(before, after)) return;
    if (isObject(before) && isObject(after)) {
        const names = new Set([...Object.keys(before), ...Object.keys(after)]);
        for (const name of names) {
            const here = path === '' ? label(name) : path + (isPlain(name) ? `.${name}` : `[${JSON.stringify(name)}]`);
            compare(own(before, name), own(after, name), here, found);
        }
    } else if (Array.isArray(before) && Array.isArray(after)) {
        for (let index = 0; index < Math.max(before.length, after.length); index += 1) {
            compare(before[index], after[index], `${path}[${index}]`, found);
        }
    } else {
        found.push({ path: path || '(all)', before, after });
    }
}

const isObject = (value) => value !== null && typeof value === 'object' && !Array.isArray(value);
const own = (object, name) => (Object.hasOwn(object, name) ? object[name] : undefined);
const isPlain = (name) => /^[A-Za-z_$][\w$]*$/.test(name);
const label = (name) => (isPlain(name) ? name : `[${JSON.stringify(name)}]`);

/** By how much a number changed; null for anything else. */
export function change({ before, after }) {
    return typeof before === 'number' && typeof after === 'number' ? after - before : null;
}
