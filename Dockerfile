# A small image of the `streamgauge` program.
#
#   docker build -t streamgauge .
#   docker run --rm streamgauge --help
FROM swift:6.3-bookworm AS build
RUN apt-get -qq update \
    && apt-get -qq install --yes --no-install-recommends \
        pkg-config librdkafka-dev libsimdjson-dev liblz4-dev libsqlite3-dev libcurl4-openssl-dev \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /source
# The manifest names the tests' folders, so they must be there.
COPY Package.swift ./
COPY Sources ./Sources
COPY Tests ./Tests
RUN swift build -c release --static-swift-stdlib --product streamgauge \
    && cp "$(swift build -c release --static-swift-stdlib --product streamgauge --show-bin-path)/streamgauge" /streamgauge \
    && strip /streamgauge

FROM debian:bookworm-slim
RUN apt-get -qq update \
    && apt-get -qq install --yes --no-install-recommends \
        librdkafka1 libsimdjson14 liblz4-1 libsqlite3-0 libcurl4 ca-certificates tzdata \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --home-dir /var/lib/streamgauge --create-home --uid 10001 streamgauge
COPY --from=build /streamgauge /usr/local/bin/streamgauge
USER streamgauge
WORKDIR /var/lib/streamgauge
EXPOSE 8080
STOPSIGNAL SIGTERM
ENTRYPOINT ["streamgauge"]
CMD ["--help"]
