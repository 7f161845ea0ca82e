# One image: `understudy serve`. Build: docker build -t understudy .
# Run: docker run --read-only --tmpfs /tmp -v understudy:/data -p 127.0.0.1:8642:8642 understudy
# Every command below is a make target or a command that the tests run; see tests/architecture/test_dockerfile.py.

# The full image has make; only the slim one is shipped.
FROM python:3.11-bookworm AS build
WORKDIR /src
COPY Makefile pyproject.toml README.md ./
COPY requirements requirements
COPY client client
COPY service service
COPY synthesizers synthesizers
COPY evaluation evaluation
COPY privacy privacy
RUN make install VENV=/opt/understudy PACKAGES="./client ."

FROM python:3.11-slim-bookworm
LABEL org.opencontainers.image.title="Understudy" \
      org.opencontainers.image.description="Private synthetic data inside your own walls" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=build /opt/understudy /opt/understudy
RUN groupadd --gid 10001 understudy \
 && useradd --uid 10001 --gid 10001 --home-dir /data --no-create-home --shell /usr/sbin/nologin understudy \
 && install --directory --owner=10001 --group=10001 --mode=0700 /data
ENV PATH=/opt/understudy/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    UNDERSTUDY_HOME=/data
USER 10001:10001
WORKDIR /data
VOLUME /data
EXPOSE 8642 8643
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s CMD ["understudy", "health", "--url", "http://127.0.0.1:8642"]
# Plain HTTP inside the container only: put a TLS proxy before it, or mount a certificate and set --tls-cert, --tls-key.
ENTRYPOINT ["understudy"]
CMD ["serve", "--host", "0.0.0.0", "--insecure"]
