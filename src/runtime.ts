/**
 * Prepares the process. Every entry point imports it first, because other modules read NODE_ENV when they load.
 *
 * Unless NODE_ENV is `production`, graphql-js and Apollo Server run development checks that take a large part of the
 * CPU time. A gateway never needs them, so this does not depend on the environment.
 */
process.env.NODE_ENV = "production";

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
if (major < 22 || (major === 22 && minor < 19)) {
  process.stderr.write(
    `Expected Node.js 22.19 or newer, got ${process.versions.node}. Run \`npm start\`, which uses the version in node_modules, or install a newer version.\n`,
  );
  process.exit(1);
}
