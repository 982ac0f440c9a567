# The gateway as a container image. Build it in the root of the repository:
#
#     docker build --build-arg REVISION=$(git rev-parse HEAD) --tag bk-job-graphql:0.1.0 .
#
# The version of Node.js is that of the tests (the development dependency `node` of package.json).

FROM node:26.10.0-bookworm-slim AS build
WORKDIR /app
# Before the source, so that a change of the source does not install the dependencies again.
COPY package.json package-lock.json .npmrc ./
# No package needs its install script here. That of `node` would download the Node.js that the image already has.
RUN npm ci --ignore-scripts
COPY tsconfig.json tsconfig.build.json README.md README.zh-CN.md ./
COPY build ./build
COPY docs ./docs
COPY schema ./schema
COPY src ./src
RUN npm run build
RUN npm prune --omit=dev --ignore-scripts

FROM node:26.10.0-bookworm-slim
ARG REVISION=""
LABEL org.opencontainers.image.title="bk-job-graphql" \
      org.opencontainers.image.description="A typed GraphQL gateway over BlueKing Job's job instance status endpoint" \
      org.opencontainers.image.version="0.1.0" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.licenses="MIT"
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/schema ./schema
COPY --from=build /app/dist ./dist
# The process writes no files, so the file system can be read-only (`docker run --read-only`).
ENV NODE_ENV=production HOST=0.0.0.0 PORT=4000
EXPOSE 4000
# The user `node` of the base image, by number: Kubernetes cannot tell from a name that it is not root.
USER 1000:1000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/healthz`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
# Not through npm, so that the process receives signals.
CMD ["node", "dist/main.js"]
