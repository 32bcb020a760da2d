// Elements without markup: everything from the server becomes a text node or an attribute's value, never HTML.

const svgNamespace = 'http://www.w3.org/2000/svg';

/**
 * Makes an element. Attributes that are functions become listeners (`onclick`), `null` and `false` are left out, `true` gives an
 * empty attribute. Children are nodes or texts; `null` is left out.
 */
export function el(tag, attributes = {}, ...children) {
    return fill(document.createElement(tag), attributes, children);
}

/** Makes an element of SVG; as `el`. */
export function svg(tag, attributes = {}, ...children) {
    return fill(document.createElementNS(svgNamespace, tag), attributes, children);
}

function fill(node, attributes, children) {
    for (const [name, value] of Object.entries(attributes)) {
        if (value === null || value === undefined || value === false) continue;
        if (typeof value === 'function') node.addEventListener(name.slice(2), value);
        else node.setAttribute(name, value === true ? '' : String(value));
    }
    for (const child of children.flat(Infinity)) if (child !== null && child !== undefined) node.append(child);
    return node;
}

/** Sets a text where it differs: what is not touched is not laid out again. */
export function setText(node, text) {
    const shown = text ?? '';
    if (node.textContent !== shown) node.textContent = shown;
}

/** Sets an attribute where it differs; null takes it away. */
export function setAttribute(node, name, value) {
    if (value === null || value === undefined || value === false) {
        if (node.hasAttribute(name)) node.removeAttribute(name);
    } else {
        const text = value === true ? '' : String(value);
        if (node.getAttribute(name) !== text) node.setAttribute(name, text);
    }
}

/** Puts other children into a node; what the reader has scrolled stays where it is, and the focus stays on the part of the same place. */
export function refill(node, children) {
    const focusable = 'a, button, summary, [tabindex]';
    const scrolled = [...node.querySelectorAll('.scrolls')].map((part) => [part.scrollLeft, part.scrollTop]);
    const focused = [...node.querySelectorAll(focusable)].indexOf(document.activeElement);
    node.replaceChildren(...children.filter(Boolean));
    node.querySelectorAll('.scrolls').forEach((part, index) => { [part.scrollLeft, part.scrollTop] = scrolled[index] ?? [0, 0]; });
    if (focused >= 0) node.querySelectorAll(focusable)[focused]?.focus({ preventScroll: true });
}

/** A moment in the reader's zone, with the exact one in UTC on hover. */
export function timeElement(milliseconds, text) {
    if (milliseconds === null || milliseconds === undefined) return el('span', {}, '–');
    const iso = new Date(milliseconds).toISOString();
    return el('time', { datetime: iso, title: iso }, text);
}

/** A share of a whole as a bar. It is drawn, since `meter` looks different in each browser. */
export function bar(value, most, label) {
    const share = most > 0 ? Math.min(1, Math.max(0, value / most)) : 0;
    return svg('svg', { class: 'bar-line', viewBox: '0 0 100 8', preserveAspectRatio: 'none', role: 'img', 'aria-label': label },
        svg('rect', { class: 'bar-whole', width: 100, height: 8 }), svg('rect', { class: 'bar-part', width: 100 * share, height: 8 }));
}

/** Copies a text; false where neither way is allowed. The first needs a secure address, such as loopback. */
export async function copy(text) {
    try {
        await navigator.clipboard.writeText(text);
        return true;
    } catch {
        const area = el('textarea', { class: 'visually-hidden', readonly: true });
        area.value = text;
        document.body.append(area);
        area.select();
        const copied = document.execCommand('copy');
        area.remove();
        return copied;
    }
}

/** Has a screen reader say something once. */
export function say(text) {
    document.getElementById('spoken').textContent = text;
}
