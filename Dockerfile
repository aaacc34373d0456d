# syntax=docker/dockerfile:1
# Herald on Node 24. The optional dependencies are copies of Node for machines that have an older one; this base needs
# none of them.

ARG NODE_IMAGE=node:24-slim

FROM ${NODE_IMAGE} AS dependencies
WORKDIR /herald
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --omit=optional --ignore-scripts

FROM ${NODE_IMAGE}
WORKDIR /herald
ENV NODE_ENV=production HERALD_DATA_DIR=/data MALLOC_ARENA_MAX=2
COPY --from=dependencies /herald/node_modules ./node_modules
COPY package.json LICENSE ./
COPY src ./src
COPY profiles ./profiles
COPY terminology ./terminology

# The one place that is written to: everything else may be mounted read-only.
RUN mkdir /data && chown node:node /data && chmod 700 /data
VOLUME /data
USER node

HEALTHCHECK --interval=10s --timeout=3s --start-period=5s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.HERALD_PORT || 8080}/livez`, { signal: AbortSignal.timeout(2500) }).then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]

# What `npm start` runs, without npm between the container and the service, so that SIGTERM reaches it.
CMD ["node", "--max-semi-space-size=8", "src/main.ts"]
