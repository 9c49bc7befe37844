/** Another program, which has sidecar's package installed as npm does it. */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./paths.ts";
import { run, smallEnvironment } from "./sidecar.ts";

const environment = { ...smallEnvironment, PATH: process.env["PATH"]! };

/** Runs a command to its good end. @returns what it printed */
export async function succeed(
  words: readonly string[],
  directory: string,
  variables: Readonly<Record<string, string>> = {},
): Promise<string> {
  const options = { directory, environment: { ...environment, ...variables } };
  const { code, stdout, stderr } = await run(words, options);
  if (code !== 0) throw new Error(`${words.join(" ")}: ${code}\n${stdout}${stderr}`);
  return stdout;
}

/** Packs a package of this checkout. @returns the name of the archive */
export async function pack(directory: string, name = "."): Promise<string> {
  const from = name === "." ? root : join(root, "node_modules", name);
  const words = ["npm", "pack", "--ignore-scripts", "--silent", from];
  return (await succeed(words, directory, { HOME: directory })).trim();
}

/** @param archives of packages that are to be there; nothing else is looked for */
export async function install(
  archives: Readonly<Record<string, string>>,
  directory: string,
): Promise<void> {
  const files = Object.entries(archives).map(([name, file]) => [name, `file:${file}`]);
  const document = {
    private: true,
    type: "module",
    dependencies: Object.fromEntries(files),
  };
  writeFileSync(join(directory, "package.json"), JSON.stringify(document));
  const words = ["npm", "install", "--offline", "--ignore-scripts", "--silent"];
  await succeed(words, directory, { HOME: directory });
}

/** The files below a directory, as paths. */
export function filesBelow(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(directory.length + 1))
    .sort();
}

/** What a page of the documentation shows in a block of this kind. */
export function blockOf(page: string, kind: string): string {
  const text = readFileSync(join(root, page), "utf8");
  const block = new RegExp(`^\`\`\`${kind}\\n([\\s\\S]*?)^\`\`\``, "m").exec(text);
  if (!block) throw new Error(`${page} has no block ${kind}`);
  return block[1]!;
}
