# Gateway (API and worker) and the command line. Build from the repository root:
#   docker build -f docker/gateway.Dockerfile -t lakelens-gateway .
FROM node:22-bookworm-slim AS manifests
WORKDIR /app
COPY . .
# Only what `npm ci` reads is left, so that the layers below stay cached until a dependency changes.
RUN find . -type f ! -name package.json ! -name package-lock.json ! -name .npmrc -delete \
  && find . -type d -empty -delete

FROM node:22-bookworm-slim AS build
WORKDIR /app
COPY --from=manifests /app ./
RUN npm ci --ignore-scripts
COPY . .
RUN npx tsc -b

FROM node:22-bookworm-slim AS dependencies
WORKDIR /app
COPY --from=manifests /app ./
# Pictures are decoded in the inference image alone: the decoder and the runtime stay out of the process that holds the
# database's password.
RUN npm ci --ignore-scripts --omit=dev -w @lakelens/gateway -w @lakelens/tools \
  && rm -rf node_modules/onnxruntime-node node_modules/sharp node_modules/@img

FROM node:22-bookworm-slim
ENV NODE_ENV=production HOST=0.0.0.0 PORT=4000 LAKELENS_DATA=/data
# Videos are read by a child process. Not pinned: Debian keeps one version of a package, the one with the security fixes.
# hadolint ignore=DL3008
RUN apt-get update \
  && apt-get install --yes --no-install-recommends ffmpeg \
  && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY --from=build /app ./
RUN rm -rf node_modules && install -d -o node -g node -m 0700 /data
COPY --from=dependencies /app/node_modules ./node_modules
# The image's user `node`, by number so that a host can check it is not root. The code belongs to root.
USER 1000:1000
VOLUME /data
EXPOSE 4000
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 CMD ["node", "docker/healthcheck-gateway.mjs"]
CMD ["node", "bin/lakelens.mjs", "start"]
