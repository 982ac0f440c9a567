/** Preloaded into a program (`node --import`): prints each loaded module of a package on stderr. */
import { registerHooks } from "node:module";

registerHooks({
  load: (url, context, nextLoad) => {
    const [, name] = /\/node_modules\/((?:@[^/]+\/)?[^/]+)\/(?!.*\/node_modules\/)/.exec(url) ?? [];
    if (name !== undefined) process.stderr.write(`LOADED ${name}\n`);
    return nextLoad(url, context);
  },
});
