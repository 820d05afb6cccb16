// Bundles the page into one file, ../verify.html. With --check, compares instead of writing.
//
//     npm ci --ignore-scripts && node build.mjs [--check]

import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const target = join(here, "../verify.html");
const source = (value) => `sha256-${createHash("sha256").update(value).digest("base64")}`;

const bundled = await build({
  entryPoints: [join(here, "app.js")],
  absWorkingDir: here,
  bundle: true,
  format: "iife",
  target: "es2022",
  charset: "utf8",
  legalComments: "inline",
  minifyWhitespace: true,
  lineLimit: 160,
  write: false,
});
const licence = readFileSync(join(here, "node_modules/@noble/hashes/LICENSE"), "utf8").trim();
const script = `\n/*\n@noble/hashes, @noble/curves, @noble/ciphers:\n\n${licence}\n*/\n${bundled.outputFiles[0].text}`;
if (script.includes("</script")) throw new Error("the script would end itself");
const style = readFileSync(join(here, "styles.css"), "utf8");
const fields = { STYLE_HASH: source(style), SCRIPT_HASH: source(script), STYLE: style, SCRIPT: script };
const page = readFileSync(join(here, "template.html"), "utf8").replace(/\{\{([A-Z_]+)\}\}/g, (_, name) => fields[name]);
const digest = createHash("sha256").update(page).digest("hex");
if (process.argv.includes("--check")) {
  const kept = existsSync(target) ? readFileSync(target, "utf8") : "";
  if (kept !== page) {
    console.error("src/web/verify.html is not what its sources give: run `node src/web/page/build.mjs`");
    process.exit(1);
  }
} else {
  writeFileSync(target, page);
}
console.log(`verify.html ${page.length} characters, sha256 ${digest}`);
