# The images of the services: `buildah build --target registry .`, or SERVICE=registry without a target.
# Everything runs on the builder's own architecture: an image for another one needs no emulation.

# Where it is built: a Node with npm.
ARG BUILDER=docker.io/library/node:24-trixie-slim@sha256:8ec5d7557396cfe32d21c3f9c13072355ceab22b584578ca4bb28af31120cffe
# What it runs on: /nodejs/bin/node (24), the libraries that it needs, certificates, time zones; no shell.
ARG BASE=gcr.io/distroless/nodejs24-debian13:nonroot@sha256:bb6b03d81066993293a10feda7250e8e1cc034035fe9b61cfceededa7c8bf04d
# fediverse, bouncer, registry or all
ARG SERVICE=all
# Builders of today know both; older ones are told.
ARG BUILDPLATFORM
ARG TARGETPLATFORM

FROM --platform=$BUILDPLATFORM ${BUILDER} AS build
WORKDIR /src
COPY . .
ARG TARGETARCH
# One step, which leaves only what is copied from it. Of the module with machine code only what this architecture loads.
RUN set -eu; \
    npm ci --cache /tmp/npm; \
    npm run bundle; \
    mv dist/fuchsbau.mjs dist/all.mjs; \
    mv dist/fuchsbau.cdx.json dist/all.cdx.json; \
    mv dist/fuchsbau.mjs.LEGAL.txt dist/all.mjs.LEGAL.txt; \
    arch=$(echo "$TARGETARCH" | sed s/amd64/x64/); \
    sqlite=node_modules/better-sqlite3; \
    for name in all fediverse bouncer registry; do \
      app=/out/$name/app; \
      mkdir -p "$app" "/out/$name/data"; \
      mv "dist/$name.mjs" "$app/fuchsbau.mjs"; \
      mv "dist/$name.cdx.json" "$app/sbom.cdx.json"; \
      mv "dist/$name.mjs.LEGAL.txt" "$app/LICENSES.txt"; \
      grep -q '"name": "better-sqlite3"' "$app/sbom.cdx.json" || continue; \
      mkdir -p "$app/$sqlite/prebuilds"; \
      cp -r "$sqlite/package.json" "$sqlite/LICENSE" "$sqlite/lib" "$app/$sqlite"; \
      cp "$sqlite/prebuilds/linux-$arch.node" "$app/$sqlite/prebuilds"; \
    done; \
    rm -rf node_modules services/*/node_modules dist /tmp/npm

# Only COPY from here on. The user is the base's `nonroot`.
FROM --platform=$TARGETPLATFORM ${BASE} AS base
ARG VERSION=0.1.0
ARG REVISION=unknown
ARG SOURCE=
LABEL org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$REVISION" \
      org.opencontainers.image.source="$SOURCE"
WORKDIR /app
USER 65532:65532
ENV NODE_ENV=production \
    FUCHSBAU_DATA=/data \
    FUCHSBAU_MANAGEMENT_LISTEN=0.0.0.0:3009
VOLUME /data
EXPOSE 3009
ENTRYPOINT ["/nodejs/bin/node", "/app/fuchsbau.mjs"]

FROM base AS fediverse
LABEL org.opencontainers.image.title="fuchsbau-fediverse" \
      org.opencontainers.image.description="An ActivityPub server on a tree of files"
ENV FUCHSBAU_FEDIVERSE_LISTEN=0.0.0.0:3000
EXPOSE 3000
COPY --from=build --chown=65532:65532 /out/fediverse/data /data
COPY --from=build /out/fediverse/app /app
CMD ["fediverse", "serve"]

FROM base AS bouncer
LABEL org.opencontainers.image.title="fuchsbau-bouncer" \
      org.opencontainers.image.description="An IRC bouncer that keeps every line"
ENV FUCHSBAU_BOUNCER_LISTEN=0.0.0.0:6697 \
    FUCHSBAU_BOUNCER_WEB_LISTEN=0.0.0.0:3001
EXPOSE 6697 3001
COPY --from=build --chown=65532:65532 /out/bouncer/data /data
COPY --from=build /out/bouncer/app /app
CMD ["bouncer", "serve"]

FROM base AS registry
LABEL org.opencontainers.image.title="fuchsbau-registry" \
      org.opencontainers.image.description="Login and permissions in front of an OCI registry"
ENV FUCHSBAU_REGISTRY_LISTEN=0.0.0.0:3002
EXPOSE 3002
COPY --from=build --chown=65532:65532 /out/registry/data /data
COPY --from=build /out/registry/app /app
CMD ["registry", "serve"]

FROM base AS all
LABEL org.opencontainers.image.title="fuchsbau" \
      org.opencontainers.image.description="A fediverse server, an IRC bouncer and a registry login for one small lab"
ENV FUCHSBAU_FEDIVERSE_LISTEN=0.0.0.0:3000 \
    FUCHSBAU_BOUNCER_LISTEN=0.0.0.0:6697 \
    FUCHSBAU_BOUNCER_WEB_LISTEN=0.0.0.0:3001 \
    FUCHSBAU_REGISTRY_LISTEN=0.0.0.0:3002
EXPOSE 3000 6697 3001 3002
COPY --from=build --chown=65532:65532 /out/all/data /data
COPY --from=build /out/all/app /app
CMD ["up"]

FROM ${SERVICE}
