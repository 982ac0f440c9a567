/** Entry point of the job page. */
import { render } from "preact";
import "../common/theme.css";
import "./job.css";
import { App } from "./app.tsx";
import { readJobPath } from "./job-path.ts";

const root = document.getElementById("app");
if (!root) throw new Error("Expected the page to have an element #app.");
render(<App path={readJobPath(location.pathname)} />, root);
