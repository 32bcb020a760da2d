/// The files of the page, which are part of the program.
enum PageAssets {
    /// A file as it is sent.
    struct Asset: Sendable {
        var bytes: [UInt8]
        var type: String
        /// Tells this content from any other.
        var tag: String

        init(_ name: String, _ bytes: [UInt8]) {
            self.bytes = bytes
            type = PageAssets.types[String(name.split(separator: ".").last ?? "")] ?? "application/octet-stream"
            // FNV-1a: content is told apart, nothing is protected by it.
            var hash: UInt64 = 0xcbf2_9ce4_8422_2325
            for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
            tag = "\"" + String(hash, radix: 16) + "\""
        }
    }

    /// Every file of `Assets`, by name; a test holds the list complete.
    static let all: [String: Asset] = {
        let files: [String: [UInt8]] = [
            "alertlist.js": PackageResources.alertlist_js,
            "api.js": PackageResources.api_js,
            "app.js": PackageResources.app_js,
            "batches.js": PackageResources.batches_js,
            "chart.js": PackageResources.chart_js,
            "chartboard.js": PackageResources.chartboard_js,
            "chartlist.js": PackageResources.chartlist_js,
            "connection.js": PackageResources.connection_js,
            "diff.js": PackageResources.diff_js,
            "dom.js": PackageResources.dom_js,
            "events.js": PackageResources.events_js,
            "facts.js": PackageResources.facts_js,
            "feeds.js": PackageResources.feeds_js,
            "format.js": PackageResources.format_js,
            "icon.svg": PackageResources.icon_svg,
            "index.html": PackageResources.index_html,
            "keys.js": PackageResources.keys_js,
            "lagtable.js": PackageResources.lagtable_js,
            "login.html": PackageResources.login_html,
            "order.js": PackageResources.order_js,
            "overview.css": PackageResources.overview_css,
            "overview.js": PackageResources.overview_js,
            "pastpoints.js": PackageResources.pastpoints_js,
            "paths.js": PackageResources.paths_js,
            "query.css": PackageResources.query_css,
            "queryhistory.js": PackageResources.queryhistory_js,
            "querypage.js": PackageResources.querypage_js,
            "queryrow.js": PackageResources.queryrow_js,
            "querytable.js": PackageResources.querytable_js,
            "router.js": PackageResources.router_js,
            "rulelist.js": PackageResources.rulelist_js,
            "scale.js": PackageResources.scale_js,
            "sparkline.js": PackageResources.sparkline_js,
            "states.js": PackageResources.states_js,
            "store.js": PackageResources.store_js,
            "style.css": PackageResources.style_css,
            "theme.js": PackageResources.theme_js,
            "themebutton.js": PackageResources.themebutton_js,
            "timeframe.js": PackageResources.timeframe_js,
            "timeline.js": PackageResources.timeline_js,
            "transitions.js": PackageResources.transitions_js,
        ]
        return Dictionary(uniqueKeysWithValues: files.map { ($0.key, Asset($0.key, $0.value)) })
    }()

    /// The form that asks for the token.
    static var loginPage: Asset? { all["login.html"] }

    private static let types = [
        "html": Reply.html, "css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8",
        "mjs": "text/javascript; charset=utf-8", "json": Reply.json, "svg": "image/svg+xml", "png": "image/png",
        "ico": "image/x-icon", "woff2": "font/woff2", "txt": "text/plain; charset=utf-8",
        "webmanifest": "application/manifest+json",
    ]
}

/// The description of the interface, which is part of the program.
enum OpenAPIDocument {
    static let bytes = PackageResources.openapi_json
}
