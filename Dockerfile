# One image for every process; docker-compose.yml says which one runs.
FROM python:3.11-slim-bookworm AS build
WORKDIR /build
# Hashes are checked; nothing is installed that the lock does not name.
COPY requirements.lock pyproject.toml README.md LICENSE ./
RUN python -m venv /opt/winnow \
    && /opt/winnow/bin/pip install --no-cache-dir --require-hashes -r requirements.lock
COPY engine engine
COPY store store
COPY clients clients
COPY services services
COPY api api
COPY pipelines pipelines
COPY app app
COPY cli cli
COPY rules rules
RUN /opt/winnow/bin/pip install --no-cache-dir --no-deps --no-build-isolation .

FROM python:3.11-slim-bookworm
RUN useradd --system --create-home --uid 10001 winnow \
    && install --directory --owner=winnow --group=winnow /var/lib/winnow
COPY --from=build /opt/winnow /opt/winnow
ENV PATH=/opt/winnow/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    WINNOW_VAR=/var/lib/winnow \
    WINNOW_HOST=0.0.0.0
USER winnow
WORKDIR /home/winnow
VOLUME /var/lib/winnow
EXPOSE 8080
ENTRYPOINT ["winnow"]
CMD ["up", "--no-dagster"]
