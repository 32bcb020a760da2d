// The page's files and the description of the interface, as bytes of the program. In C because `#embed` copies them in no time, where
// SwiftPM's own embedding makes a Swift literal of every byte, which takes the compiler half a minute.

#include "page_assets.h"

#ifndef __has_embed
#error "this needs #embed, which Swift's own clang has, clang since 19 and gcc since 15: leave CC unset"
#endif
#ifdef __clang__
#pragma clang diagnostic ignored "-Wc23-extensions"
#endif
static const unsigned char alertlist_js[] = {
#embed "../MonitoringServer/Assets/alertlist.js"
};
static const unsigned char api_js[] = {
#embed "../MonitoringServer/Assets/api.js"
};
static const unsigned char app_js[] = {
#embed "../MonitoringServer/Assets/app.js"
};
static const unsigned char batches_js[] = {
#embed "../MonitoringServer/Assets/batches.js"
};
static const unsigned char chart_js[] = {
#embed "../MonitoringServer/Assets/chart.js"
};
static const unsigned char chartboard_js[] = {
#embed "../MonitoringServer/Assets/chartboard.js"
};
static const unsigned char chartlist_js[] = {
#embed "../MonitoringServer/Assets/chartlist.js"
};
static const unsigned char connection_js[] = {
#embed "../MonitoringServer/Assets/connection.js"
};
static const unsigned char customcharts_js[] = {
#embed "../MonitoringServer/Assets/customcharts.js"
};
static const unsigned char customcolumns_js[] = {
#embed "../MonitoringServer/Assets/customcolumns.js"
};
static const unsigned char diff_js[] = {
#embed "../MonitoringServer/Assets/diff.js"
};
static const unsigned char dom_js[] = {
#embed "../MonitoringServer/Assets/dom.js"
};
static const unsigned char events_js[] = {
#embed "../MonitoringServer/Assets/events.js"
};
static const unsigned char facts_js[] = {
#embed "../MonitoringServer/Assets/facts.js"
};
static const unsigned char feeds_js[] = {
#embed "../MonitoringServer/Assets/feeds.js"
};
static const unsigned char format_js[] = {
#embed "../MonitoringServer/Assets/format.js"
};
static const unsigned char icon_svg[] = {
#embed "../MonitoringServer/Assets/icon.svg"
};
static const unsigned char index_html[] = {
#embed "../MonitoringServer/Assets/index.html"
};
static const unsigned char keys_js[] = {
#embed "../MonitoringServer/Assets/keys.js"
};
static const unsigned char lagtable_js[] = {
#embed "../MonitoringServer/Assets/lagtable.js"
};
static const unsigned char login_html[] = {
#embed "../MonitoringServer/Assets/login.html"
};
static const unsigned char metricchoice_js[] = {
#embed "../MonitoringServer/Assets/metricchoice.js"
};
static const unsigned char metricnames_js[] = {
#embed "../MonitoringServer/Assets/metricnames.js"
};
static const unsigned char metricpicker_js[] = {
#embed "../MonitoringServer/Assets/metricpicker.js"
};
static const unsigned char order_js[] = {
#embed "../MonitoringServer/Assets/order.js"
};
static const unsigned char overview_css[] = {
#embed "../MonitoringServer/Assets/overview.css"
};
static const unsigned char overview_js[] = {
#embed "../MonitoringServer/Assets/overview.js"
};
static const unsigned char pastpoints_js[] = {
#embed "../MonitoringServer/Assets/pastpoints.js"
};
static const unsigned char paths_js[] = {
#embed "../MonitoringServer/Assets/paths.js"
};
static const unsigned char query_css[] = {
#embed "../MonitoringServer/Assets/query.css"
};
static const unsigned char queryhistory_js[] = {
#embed "../MonitoringServer/Assets/queryhistory.js"
};
static const unsigned char querypage_js[] = {
#embed "../MonitoringServer/Assets/querypage.js"
};
static const unsigned char queryrow_js[] = {
#embed "../MonitoringServer/Assets/queryrow.js"
};
static const unsigned char querytable_js[] = {
#embed "../MonitoringServer/Assets/querytable.js"
};
static const unsigned char router_js[] = {
#embed "../MonitoringServer/Assets/router.js"
};
static const unsigned char rulelist_js[] = {
#embed "../MonitoringServer/Assets/rulelist.js"
};
static const unsigned char scale_js[] = {
#embed "../MonitoringServer/Assets/scale.js"
};
static const unsigned char sparkline_js[] = {
#embed "../MonitoringServer/Assets/sparkline.js"
};
static const unsigned char states_js[] = {
#embed "../MonitoringServer/Assets/states.js"
};
static const unsigned char store_js[] = {
#embed "../MonitoringServer/Assets/store.js"
};
static const unsigned char style_css[] = {
#embed "../MonitoringServer/Assets/style.css"
};
static const unsigned char theme_js[] = {
#embed "../MonitoringServer/Assets/theme.js"
};
static const unsigned char themebutton_js[] = {
#embed "../MonitoringServer/Assets/themebutton.js"
};
static const unsigned char timeframe_js[] = {
#embed "../MonitoringServer/Assets/timeframe.js"
};
static const unsigned char timeline_js[] = {
#embed "../MonitoringServer/Assets/timeline.js"
};
static const unsigned char transitions_js[] = {
#embed "../MonitoringServer/Assets/transitions.js"
};
static const unsigned char openapi_json[] = {
#embed "../MonitoringServer/OpenAPI/openapi.json"
};

#define ASSET(name, bytes) {name, bytes, sizeof(bytes)}

/// A test holds the list complete.
static const struct sg_asset page_assets[] = {
    ASSET("alertlist.js", alertlist_js),
    ASSET("api.js", api_js),
    ASSET("app.js", app_js),
    ASSET("batches.js", batches_js),
    ASSET("chart.js", chart_js),
    ASSET("chartboard.js", chartboard_js),
    ASSET("chartlist.js", chartlist_js),
    ASSET("connection.js", connection_js),
    ASSET("customcharts.js", customcharts_js),
    ASSET("customcolumns.js", customcolumns_js),
    ASSET("diff.js", diff_js),
    ASSET("dom.js", dom_js),
    ASSET("events.js", events_js),
    ASSET("facts.js", facts_js),
    ASSET("feeds.js", feeds_js),
    ASSET("format.js", format_js),
    ASSET("icon.svg", icon_svg),
    ASSET("index.html", index_html),
    ASSET("keys.js", keys_js),
    ASSET("lagtable.js", lagtable_js),
    ASSET("login.html", login_html),
    ASSET("metricchoice.js", metricchoice_js),
    ASSET("metricnames.js", metricnames_js),
    ASSET("metricpicker.js", metricpicker_js),
    ASSET("order.js", order_js),
    ASSET("overview.css", overview_css),
    ASSET("overview.js", overview_js),
    ASSET("pastpoints.js", pastpoints_js),
    ASSET("paths.js", paths_js),
    ASSET("query.css", query_css),
    ASSET("queryhistory.js", queryhistory_js),
    ASSET("querypage.js", querypage_js),
    ASSET("queryrow.js", queryrow_js),
    ASSET("querytable.js", querytable_js),
    ASSET("router.js", router_js),
    ASSET("rulelist.js", rulelist_js),
    ASSET("scale.js", scale_js),
    ASSET("sparkline.js", sparkline_js),
    ASSET("states.js", states_js),
    ASSET("store.js", store_js),
    ASSET("style.css", style_css),
    ASSET("theme.js", theme_js),
    ASSET("themebutton.js", themebutton_js),
    ASSET("timeframe.js", timeframe_js),
    ASSET("timeline.js", timeline_js),
    ASSET("transitions.js", transitions_js),
};

size_t sg_page_asset_count(void) { return sizeof page_assets / sizeof page_assets[0]; }

struct sg_asset sg_page_asset(size_t index) { return page_assets[index]; }

struct sg_asset sg_openapi_document(void) { return (struct sg_asset) ASSET("openapi.json", openapi_json); }
