// Applies the chosen theme before anything is painted, which is why this is no module: a module runs after the first paint, and a
// dark page would flash white. Without a choice the system's wish holds.
'use strict';
(function () {
    const key = 'streamgauge-theme';
    const root = document.documentElement;

    function stored() {
        // Reading throws where the browser keeps nothing for this page.
        try { return localStorage.getItem(key); } catch { return null; }
    }

    function apply(theme) {
        if (theme === 'dark' || theme === 'light') root.dataset.theme = theme;
        else delete root.dataset.theme;
    }

    window.streamgaugeTheme = {
        /** The theme that was chosen: `dark`, `light`, or `auto` for the system's. */
        get choice() { return root.dataset.theme ?? 'auto'; },
        choose(theme) {
            apply(theme);
            try {
                if (theme === 'auto') localStorage.removeItem(key);
                else localStorage.setItem(key, theme);
            } catch { /* The choice then holds until the page is left. */ }
        },
    };
    apply(stored());
})();
