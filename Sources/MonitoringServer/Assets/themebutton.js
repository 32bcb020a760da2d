// The button that goes through the system's theme, light and dark.

import { setAttribute, setText } from './dom.js';

const order = ['auto', 'light', 'dark'];
const words = { auto: 'Auto', light: 'Light', dark: 'Dark' };

export function startThemeButton() {
    const button = document.getElementById('theme');
    const draw = () => {
        const { choice } = window.streamgaugeTheme;
        setText(button, words[choice]);
        setAttribute(button, 'title', `Theme: ${choice === 'auto' ? 'the system’s' : choice} (t)`);
        setAttribute(button, 'aria-label', `Theme: ${words[choice]}`);
    };
    button.addEventListener('click', () => {
        const next = order[(order.indexOf(window.streamgaugeTheme.choice) + 1) % order.length];
        window.streamgaugeTheme.choose(next);
        draw();
    });
    draw();
}
