/**
 * Imported first by every entry point, as modules that come later read what it sets when they load.
 *
 * graphql-js and Apollo Server do development-time work unless NODE_ENV is `production`, which costs a large part
 * of the CPU. A gateway never wants that, so it is not left to whoever starts it.
 */
process.env.NODE_ENV = "production";

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
if (major < 22 || (major === 22 && minor < 19)) {
  process.stderr.write(
    `Expected Node.js 22.19 or newer, got ${process.versions.node}. \`npm start\` brings its own; else install a newer one.\n`,
  );
  process.exit(1);
}
