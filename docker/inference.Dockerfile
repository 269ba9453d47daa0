# Inference service: decodes pictures and runs models; knows neither the database nor any secret. Build from the root:
#   docker build -f docker/inference.Dockerfile -t lakelens-inference .
FROM node:22-bookworm-slim AS manifests
WORKDIR /app
COPY . .
RUN find . -type f ! -name package.json ! -name package-lock.json ! -name .npmrc -delete \
  && find . -type d -empty -delete

FROM node:22-bookworm-slim AS build
WORKDIR /app
COPY --from=manifests /app ./
RUN npm ci --ignore-scripts
COPY . .
RUN npx tsc -b apps/inference

FROM node:22-bookworm-slim AS dependencies
WORKDIR /app
COPY --from=manifests /app ./
# The package carries the libraries of every system; a quarter of its 290 MB runs here.
RUN npm ci --ignore-scripts --omit=dev -w @lakelens/inference \
  && rm -rf node_modules/onnxruntime-node/bin/napi-v6/darwin node_modules/onnxruntime-node/bin/napi-v6/win32

FROM node:22-bookworm-slim
# For models with inference.py: an interpreter, what installs their requirements, and the sandbox. Whether the sandbox works
# is the container's matter (docs/python-models.md); the service tries it at its start and says so.
# Not pinned: Debian keeps one version of a package, the one with the security fixes.
# hadolint ignore=DL3008
RUN apt-get update \
  && apt-get install --yes --no-install-recommends bubblewrap ca-certificates python3 python3-pip \
  && rm -rf /var/lib/apt/lists/*
ENV NODE_ENV=production INFERENCE_HOST=0.0.0.0 INFERENCE_PORT=50051 LAKELENS_DATA=/data
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/apps/inference ./apps/inference
COPY --from=build /app/libs/folder-validator ./libs/folder-validator
COPY --from=build /app/libs/kernel ./libs/kernel
COPY --from=build /app/libs/vision ./libs/vision
COPY --from=build /app/proto ./proto
COPY --from=build /app/docker/healthcheck-inference.cjs ./docker/
COPY --from=dependencies /app/node_modules ./node_modules
RUN install -d -o node -g node -m 0700 /data
USER 1000:1000
VOLUME /data
EXPOSE 50051
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 CMD ["node", "docker/healthcheck-inference.cjs"]
CMD ["node", "apps/inference/dist/main.js"]
