/** The worker of all editors: word completion, links, folding. */
import "monaco-editor/esm/vs/editor/editor.worker.js";
