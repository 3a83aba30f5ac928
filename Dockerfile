FROM python:3.11-slim AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 UV_NO_CACHE=1
WORKDIR /src
COPY requirements.lock requirements-build.lock ./
RUN python -m venv /opt/build \
 && /opt/build/bin/pip install --require-hashes -r requirements-build.lock \
 && python -m venv --without-pip /opt/leadsync \
 && /opt/build/bin/uv pip install --python /opt/leadsync --compile-bytecode --require-hashes -r requirements.lock
COPY . .
RUN /opt/build/bin/uv build --wheel --no-build-isolation --python /opt/build --out-dir /opt/wheel \
 && /opt/build/bin/uv pip install --python /opt/leadsync --no-deps --no-index /opt/wheel/leadsync-*.whl

FROM python:3.11-slim
RUN useradd --system --uid 10001 --home-dir /state --create-home leadsync
COPY --from=build /opt/leadsync /opt/leadsync
ENV PATH=/opt/leadsync/bin:$PATH
USER 10001
WORKDIR /state
VOLUME /state
HEALTHCHECK --interval=60s --timeout=20s --start-period=120s CMD ["leadsync", "status", "--running"]
ENTRYPOINT ["leadsync"]
CMD ["run"]
