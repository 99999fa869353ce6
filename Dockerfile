# The engine and Debian's own Asterisk in one image: the two share a loopback address and a runtime folder.
FROM debian:forky-slim

RUN apt-get update \
    && apt-get install -y --no-install-recommends \
        asterisk asterisk-core-sounds-en-wav asterisk-core-sounds-en-g722 asterisk-moh-opsound-wav \
        ca-certificates espeak-ng make npm python3 python3-venv \
    && rm -rf /var/lib/apt/lists/*

WORKDIR /opt/infolinia
COPY . .

ENV INFOLINIA_CACHE=/var/cache/infolinia
RUN make setup

RUN useradd --system --home-dir /var/lib/infolinia --create-home infolinia \
    && chown -R infolinia: /var/cache/infolinia
USER infolinia
WORKDIR /var/lib/infolinia

EXPOSE 5060/udp 8080/tcp 10000-10199/udp
VOLUME /var/lib/infolinia
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s \
    CMD ["python3", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8080/readyz', timeout=2)"]
CMD ["/opt/infolinia/.venv/bin/infolinia", "run", "--log-json", "--config", "/etc/infolinia/infolinia.yaml"]
