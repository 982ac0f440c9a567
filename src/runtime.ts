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

/**
 * Bodies come and go by the megabyte, outside of a heap that stays small. That makes the garbage collector run often,
 * and its helper threads then cost more CPU than the collecting itself: a third of a large request on two cores.
 * V8 takes this only when it starts, so the process starts over, once, as itself: same process id, same environment.
 */
const GC_FLAG = "--single-threaded-gc";

if (process.platform !== "win32" && !process.execArgv.includes(GC_FLAG)) {
  const options = [GC_FLAG, ...process.execArgv];
  process.execve?.(process.execPath, [process.execPath, ...options, ...process.argv.slice(1)], process.env);
}
