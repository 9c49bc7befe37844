/**
 * Builds images from their Dockerfiles without an engine: what they RUN is run in a root
 * directory, and `sidecar image` does what is special of an image for sidecar.
 */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { debian, debianRoot, makeDebian } from "./debian.ts";
import { type Instruction, readDockerfile } from "./dockerfile.ts";
import { contextOf, dockerfileOf, type Member } from "./family.ts";
import {
  addLayer,
  type Configuration,
  copyLayout,
  emptyLayout,
  type Layout,
  readLayout,
  say,
  writeLayout,
} from "./layout.ts";
import { archive, copyScript, type Layers, lower, runScript, within } from "./root.ts";

/** Where `COPY` and `sidecar image append` put it. */
const sidecarPath = "/usr/local/bin/sidecar";

/** An image or a stage of one: as data, and as the directories that it is made of. */
type Built = { layout: Layout; layers: Layers };

/**
 * Builds in the current directory, which is the repository's.
 * @param destination a directory, which gets one for each image
 * @throws Error with the line of the Dockerfile that failed
 */
export async function buildWithoutDocker(
  destination: string,
  members: readonly Member[],
): Promise<void> {
  if (process.getuid?.() !== 0)
    throw new Error("not root, who alone may make root directories; use Docker");
  mkdirSync(destination, { recursive: true });
  // Beside what comes of it, such that nothing need be copied.
  const place = mkdtempSync(join(destination, ".building-"));
  const images = new Map<string, Built>();
  const workshop = new Workshop(place, images);
  try {
    await workshop.begin();
    for (const member of members) {
      console.error(`images.sh: ${member.folder}, without Docker`);
      const built = await workshop.build(member);
      for (const name of member.names) images.set(name, built);
      const directory = join(destination, member.folder);
      rmSync(directory, { recursive: true, force: true });
      const names = member.names.map((name) => `${name}:latest`);
      writeLayout(copyLayout(built.layout, directory), names);
      console.log(directory);
    }
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}

class Workshop {
  #count = 0;
  /** Below every image: where /proc and /dev are mounted, in no layer. */
  readonly #ground: string;

  constructor(
    readonly place: string,
    readonly images: Map<string, Built>,
  ) {
    this.#ground = this.#fresh("ground");
    for (const name of ["proc", "dev", "sys"]) mkdirSync(join(this.#ground, name));
  }

  /** Makes the two images that all others come from: nothing, and Debian. */
  async begin(): Promise<void> {
    makeDebian(".");
    const layout = emptyLayout(this.#fresh("scratch"));
    this.images.set("scratch", { layout, layers: [this.#ground] });
    const copy = copyLayout(layout, this.#fresh("debian"));
    const tar = join(this.place, "debian.tar");
    const { exitCode } = Bun.spawnSync([
      ...["tar", "--create", `--file=${tar}`, "--format=gnu", "--sort=name"],
      ...["--numeric-owner", "--exclude=./dev/*", "--exclude=./.make-root-complete"],
      ...[`--directory=${debianRoot}`, "."],
    ]);
    if (exitCode !== 0) throw new Error(`tar of ${debianRoot} failed`);
    await addLayer(copy, tar, "scripts/make-root.sh");
    const path = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    copy.configuration.config.Env = [path];
    this.images.set(debian, { layout: copy, layers: [debianRoot, this.#ground] });
  }

  async build({ folder }: Member): Promise<Built> {
    const stages = readDockerfile(dockerfileOf(".", folder), {});
    const known = new Map(this.images);
    let built: Built | undefined;
    for (const { name, from, instructions } of stages) {
      const base = known.get(from);
      if (!base)
        throw new Error(`images/${folder} is built from ${from}: what is that?`);
      built = { ...base, layout: copyLayout(base.layout, this.#fresh("layout")) };
      for (const instruction of instructions)
        try {
          built = await this.#follow(built, instruction, contextOf(folder), known);
        } catch (error) {
          const reason = error instanceof Error ? error.message : error;
          throw new Error(`images/${folder}: ${instruction.line}: ${reason}`);
        }
      if (name) known.set(name, built);
    }
    return built!;
  }

  async #follow(
    built: Built,
    instruction: Instruction,
    context: string,
    known: Map<string, Built>,
  ): Promise<Built> {
    const { line } = instruction;
    if (instruction.kind !== "run" && instruction.kind !== "copy") {
      say(built.layout, line, (config) => configure(config, instruction));
      return built;
    }
    if (built.layout.configuration.config.User !== undefined)
      throw new Error("behind USER only root could do this, who is root no more");
    const { kind } = instruction;
    const isAppended = kind === "copy" && instruction.target === sidecarPath;
    const work = this.#fresh("work");
    const upper = join(this.#fresh("layer"), "files");
    if (instruction.kind === "run") {
      const environment = built.layout.configuration.config.Env ?? [];
      const variables = ["HOME=/root", ...environment];
      const words = [String(variables.length), ...variables, ...instruction.words];
      within(built.layers, { upper, work }, runScript, words);
    } else {
      const { from, sources, target } = instruction;
      const other = from === undefined ? undefined : known.get(from);
      if (from && !other) throw new Error(`what is ${from}?`);
      const [place, options] = other
        ? [this.#fresh("other"), lower(other.layers)]
        : [context, ""];
      const words = [target, place, options, ...sources];
      within(built.layers, { upper, work }, copyScript, words);
    }
    if (isAppended) return this.#append(built.layout, [upper, ...built.layers]);
    const tar = join(work, "layer.tar");
    if (archive(upper, join(work, "marks"), tar))
      await addLayer(built.layout, tar, line);
    return { layout: built.layout, layers: [upper, ...built.layers] };
  }

  /** Has sidecar put itself into the image, where everybody looks for it. */
  #append(layout: Layout, layers: Layers): Built {
    writeLayout(layout);
    const appended = this.#fresh("appended");
    rmSync(appended, { recursive: true });
    const words = ["image", "append", layout.directory, `--output=${appended}`];
    const { exitCode, stderr } = Bun.spawnSync(["dist/sidecar", ...words]);
    if (exitCode !== 0) throw new Error(`${words.join(" ")}: ${stderr}`);
    return { layout: readLayout(appended), layers };
  }

  #fresh(kind: string): string {
    this.#count += 1;
    const directory = join(this.place, `${this.#count}-${kind}`);
    mkdirSync(directory);
    return directory;
  }
}

type Setting = Exclude<Instruction, { kind: "run" | "copy" }>;

function configure(config: Configuration["config"], setting: Setting): void {
  if (setting.kind === "entrypoint") config.Entrypoint = [...setting.words];
  else if (setting.kind === "user") config.User = setting.user;
  else {
    const variables = new Map((config.Env ?? []).map(split));
    for (const [name, value] of setting.variables) variables.set(name, value);
    config.Env = [...variables].map(([name, value]) => `${name}=${value}`);
  }
}

function split(entry: string): [string, string] {
  const at = entry.indexOf("=");
  return [entry.slice(0, at), entry.slice(at + 1)];
}
