/**
 * Builds dist/library, what programs import as `sidecar/catalogue`: `scripts/bun
 * build-library.ts`; `npm pack` makes a package of it (docs/catalogue.md).
 *
 * The sources of src/catalogue, file by file, as ECMAScript modules with declarations
 * of their types. The compiler knows neither Bun nor Node there, and of the language
 * what Node 20 has (tsconfig.library.json), so that nothing else can get in; the result
 * is loaded once.
 */
import { readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { attempt } from "./scripts/building.ts";

const root = import.meta.dir;
const directory = join(root, "dist/library");
const candidate = `${directory}.new`;
/** What a file may be made of, beside its neighbours. */
const packages = ["zod"];

try {
  rmSync(candidate, { recursive: true, force: true });
  compile();
  const files = modulesIn(candidate);
  for (const file of files) requireOwnImports(file);
  const names = await load();
  rmSync(directory, { recursive: true, force: true });
  renameSync(candidate, directory);
  console.log(`dist/library: ${files.length} modules, ${names} names`);
} catch (error) {
  console.error(`build: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
} finally {
  rmSync(candidate, { recursive: true, force: true });
}

function compile(): void {
  const compiler = join(root, "node_modules/typescript/bin/tsc");
  const words = ["-p", "tsconfig.library.json", "--outDir", candidate];
  const place = { directory: root, home: candidate };
  const { code, text } = attempt(["node", compiler, ...words], place);
  if (code !== 0) throw new Error(`the compiler ended with ${code}:\n${text}`);
}

function modulesIn(place: string): string[] {
  const names = readdirSync(place, { recursive: true, encoding: "utf8" });
  return names.filter((name) => name.endsWith(".js")).sort();
}

/** What is bound to one system, or to Bun, is not for programs of others. */
function requireOwnImports(file: string): void {
  const text = readFileSync(join(candidate, file), "utf8");
  for (const { path } of new Bun.Transpiler({ loader: "js" }).scanImports(text))
    if (!path.startsWith(".") && !packages.includes(path))
      throw new Error(`${file} imports ${path}, which a library cannot`);
}

/** @returns how many names programs get */
async function load(): Promise<number> {
  const library = await import(join(candidate, "catalogue/library.js"));
  const wire = await import(join(candidate, "catalogue/wire.js"));
  return Object.keys(library).length + Object.keys(wire).length;
}
