/** Loaded into a gateway (`--import`): at SIGUSR2 it collects garbage and writes the size of its heap to stderr. */
import { heapBytes } from "../support/garbage.ts";

process.on("SIGUSR2", () => {
  heapBytes().then((bytes) => process.stderr.write(`heap ${bytes}\n`));
});
