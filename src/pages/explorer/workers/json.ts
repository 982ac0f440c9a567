/** The worker of the editors of variables and headers. */
import "monaco-editor/esm/vs/language/json/json.worker.js";
