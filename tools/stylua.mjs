// Formats Lua files as .stylua.toml says:  node tools/stylua.mjs --check|--write FILE...
// StyLua comes from npm, where it is WebAssembly without a command line (tools/lint.sh installs it).

import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";

const require = createRequire(new URL("../build/node_modules/", import.meta.url));
const stylua = require("@johnnymorganz/stylua");

const enums = {
  call_parentheses: stylua.CallParenType,
  collapse_simple_statement: stylua.CollapseSimpleStatement,
  indent_type: stylua.IndentType,
  line_endings: stylua.LineEndings,
  quote_style: stylua.QuoteStyle,
  space_after_function_names: stylua.SpaceAfterFunctionNames,
  syntax: stylua.LuaVersion,
};
const numbers = ["column_width", "indent_width"];

// The flat subset of TOML that .stylua.toml needs: lines of `key = number` and `key = "word"`.
function readOptions(path) {
  const options = {};
  for (const line of readFileSync(path, "utf8").split("\n")) {
    if (/^\s*(#.*)?$/.test(line)) continue;
    const [, key, word, number] = line.match(/^(\w+)\s*=\s*(?:"(\w+)"|(\d+))\s*$/) ?? [];
    if (word !== undefined && enums[key]?.[word] !== undefined) options[key] = enums[key][word];
    else if (number !== undefined && numbers.includes(key)) options[key] = Number(number);
    else throw new Error(`${path}: cannot use the line: ${line}`);
  }
  return options;
}

const [mode, ...files] = process.argv.slice(2);
if (!["--check", "--write"].includes(mode)) throw new Error("usage: stylua.mjs --check|--write FILE...");
const options = readOptions(".stylua.toml");
let bad = 0;

for (const file of files) {
  const before = readFileSync(file, "utf8");
  let after;
  try {
    const config = Object.assign(stylua.Config.new(), options);
    after = stylua.formatCode(before, config, undefined, stylua.OutputVerification.Full);
  } catch (error) {
    console.error(`${file}: ${error.message ?? error}`);
    bad++;
    continue;
  }
  if (after === before) continue;
  if (mode === "--write") {
    writeFileSync(file, after);
    console.log(`formatted ${file}`);
  } else {
    const lines = after.split("\n");
    const line = before.split("\n").findIndex((text, index) => text !== lines[index]);
    console.error(`${file}:${line + 1}: not as StyLua writes it: make format`);
    bad++;
  }
}
process.exitCode = bad > 0 ? 1 : 0;
