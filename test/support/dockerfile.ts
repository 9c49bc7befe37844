/**
 * Builds small images from Dockerfiles as they stand in documents, with the tools of
 * scripts/images: what they RUN is run, in a root directory of busybox.
 */
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  readFileSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import {
  addLayer,
  type Configuration,
  copyLayout,
  emptyLayout,
  type Layout,
  say,
  writeLayout,
} from "../../scripts/images/layout.ts";
import {
  archive,
  copyScript,
  type Layers,
  lower,
  runScript,
  within,
} from "../../scripts/images/root.ts";
import { markedSize, readMark } from "../../src/contract/mark.ts";
import { type LayerDescription, layerTar } from "./images.ts";
import { executable, root } from "./paths.ts";

/** A line of a Dockerfile, as the history tells it, and the layer that came of it. */
export type Done = { readonly line: string; readonly diffId?: string };

export type BuiltImage = {
  /** Of an OCI layout. */
  readonly directory: string;
  /** What its own Dockerfile did, in order. */
  readonly done: readonly Done[];
};

type Known = { readonly layout: Layout; readonly layers: Layers };

type Instruction = {
  readonly word: string;
  readonly rest: string;
};

export class ImageBuilder {
  #count = 0;
  readonly #place: string;
  readonly #images = new Map<string, Known>();
  readonly #context: string;

  /** @param place an empty directory, which is not removed here */
  constructor(place: string) {
    this.#place = place;
    this.#context = this.#fresh("context");
  }

  /** Makes `sidecar`, and `sidecar-base`: busybox, passwd, /tmp and sidecar. */
  async begin(): Promise<void> {
    makePrograms(this.#context);
    const ground = this.#fresh("ground");
    for (const name of ["proc", "dev"]) mkdirSync(join(ground, name));
    const scratch = emptyLayout(this.#fresh("scratch"));
    this.#images.set("scratch", { layout: scratch, layers: [ground] });

    const itself = this.#fresh("itself");
    copyFileSync(executable, join(itself, "sidecar"));
    chmodSync(join(itself, "sidecar"), 0o755);
    this.#images.set("sidecar", { layout: scratch, layers: [itself] });
    const older = this.#fresh("older");
    writeFileSync(join(older, "sidecar"), olderSidecar(), { mode: 0o755 });
    this.#images.set("sidecar-0.0.9", { layout: scratch, layers: [older] });

    const files = this.#fresh("busybox");
    makeSystem(files);
    const layout = copyLayout(scratch, this.#fresh("layout"));
    const tar = join(this.#place, "busybox.tar");
    archive(files, join(this.#fresh("marks"), "none"), tar);
    await addLayer(layout, tar, "ADD busybox.tar / # buildkit");
    this.#images.set("busybox", { layout, layers: [files, ground] });
    const base = `FROM busybox
COPY --from=sidecar /sidecar /usr/local/bin/sidecar
ENV PATH=/usr/local/bin:/bin HOME=/tmp/home
ENTRYPOINT ["/usr/local/bin/sidecar"]`;
    await this.build(base, "sidecar-base");
  }

  /**
   * @param name by which later Dockerfiles may begin with it
   * @throws Error with the line that cannot be followed
   */
  async build(dockerfile: string, name?: string): Promise<BuiltImage> {
    const [first, ...others] = instructionsOf(dockerfile);
    const base = first?.word === "FROM" ? this.#images.get(first.rest) : undefined;
    if (!base) throw new Error(`it is built from ${first?.rest}: what is that?`);
    let image = { ...base, layout: copyLayout(base.layout, this.#fresh("layout")) };
    const done: Done[] = [];
    for (const instruction of others) {
      const { layout } = image;
      const before = layout.layers.length;
      image = await this.#follow(image, instruction);
      const { history, rootfs } = layout.configuration;
      const line = history.at(-1)!.created_by;
      const isLayer = layout.layers.length > before;
      done.push({ line, ...(isLayer ? { diffId: rootfs.diff_ids.at(-1)! } : {}) });
    }
    writeLayout(image.layout, namesIn(dockerfile));
    if (name !== undefined) this.#images.set(name, image);
    return { directory: image.layout.directory, done };
  }

  /** An image with something else in its configuration: what no Dockerfile can say. */
  configured(from: string, changes: Record<string, unknown>): BuiltImage {
    const { layout } = this.#images.get(from)!;
    const copy = copyLayout(layout, this.#fresh("layout"));
    const { config, ...others } = changes;
    Object.assign(copy.configuration, others);
    Object.assign(copy.configuration.config, config);
    writeLayout(copy);
    return { directory: copy.directory, done: [] };
  }

  /** An image with a layer that no Dockerfile would make. */
  async layered(from: string, layer: LayerDescription): Promise<BuiltImage> {
    const { layout } = this.#images.get(from)!;
    const copy = copyLayout(layout, this.#fresh("layout"));
    const tar = join(this.#place, "layer.tar");
    writeFileSync(tar, await layerTar(layer));
    const line = "ADD layer.tar /";
    await addLayer(copy, tar, line);
    writeLayout(copy);
    const diffId = copy.configuration.rootfs.diff_ids.at(-1)!;
    return { directory: copy.directory, done: [{ line, diffId }] };
  }

  async #follow(image: Known, instruction: Instruction): Promise<Known> {
    const { word, rest } = instruction;
    if (word !== "RUN" && word !== "COPY") {
      say(image.layout, `${word} ${rest}`, (config) => configure(config, instruction));
      return image;
    }
    const work = this.#fresh("work");
    const upper = join(this.#fresh("layer"), "files");
    const place = { upper, work };
    if (word === "RUN") this.#run(image, place, rest);
    else this.#copy(image, place, instruction);
    const tar = join(work, "layer.tar");
    // Capabilities of files are in PAX headers only.
    const pax = [
      ...["--format=posix", "--pax-option=delete=atime,delete=ctime"],
      ...["--xattrs", "--xattrs-include=security.capability"],
    ];
    const line = word === "RUN" ? `RUN /bin/sh -c ${rest}` : `COPY ${rest}`;
    if (archive(upper, join(work, "marks"), tar, pax))
      await addLayer(image.layout, tar, `${line} # buildkit`);
    else say(image.layout, line, () => {});
    return { ...image, layers: [upper, ...image.layers] };
  }

  #run(
    { layout, layers }: Known,
    place: { upper: string; work: string },
    rest: string,
  ) {
    const words = rest.startsWith("[") ? JSON.parse(rest) : ["/bin/sh", "-c", rest];
    const environment = layout.configuration.config.Env ?? [];
    within(layers, place, runScript, [
      String(environment.length),
      ...environment,
      ...words,
    ]);
  }

  #copy(
    { layers }: Known,
    place: { upper: string; work: string },
    { rest }: Instruction,
  ): void {
    const words = rest.split(/\s+/);
    const option = (name: string) =>
      words.find((word) => word.startsWith(`--${name}=`))?.slice(name.length + 3);
    const paths = words.filter((word) => !word.startsWith("--"));
    const target = paths.at(-1)!;
    const from = option("from");
    const sources = paths.slice(0, -1);
    const other = from === undefined ? undefined : this.#images.get(from);
    if (from !== undefined && !other) throw new Error(`what is ${from}?`);
    // Two directories at least: one alone cannot be mounted for reading.
    const mounted = this.#fresh("other");
    const options = other ? lower([...other.layers, mounted]) : "";
    const mode = option("chmod");
    const script = mode ? `${copyScript}\nchmod ${mode} "$root$target"` : copyScript;
    const context = other ? mounted : this.#context;
    within(layers, place, script, [target, context, options, ...sources]);
  }

  #fresh(kind: string): string {
    this.#count += 1;
    const directory = join(this.#place, `${this.#count}-${kind}`);
    mkdirSync(directory);
    return directory;
  }
}

/** What examples copy: programs for this machine and for another one. */
function makePrograms(directory: string): void {
  const file = join(directory, "glibc-program");
  compile("block.c", file);
  compile("block.c", join(directory, "static-program"), "-static");
  const other = readFileSync(file);
  const AARCH64 = 183;
  other.writeUInt16LE(AARCH64, 18);
  writeFileSync(join(directory, "program-for-arm64"), other, { mode: 0o755 });
}

function compile(name: string, file: string, ...flags: string[]): void {
  mkdirSync(dirname(file), { recursive: true });
  const source = join(root, "test/programs", name);
  const words = ["gcc", "-O1", ...flags, "-o", file, source];
  const { exitCode, stderr } = Bun.spawnSync(words, { stderr: "pipe" });
  if (exitCode !== 0) throw new Error(`${words.join(" ")}: ${stderr}`);
}

/** The executable, as one of an earlier version would say what it is. */
function olderSidecar(): Uint8Array {
  const bytes = readFileSync(executable);
  const { version } = readMark(bytes.subarray(0, markedSize))!;
  const at = bytes.subarray(0, markedSize).indexOf(`sidecar ${version} `);
  bytes.write("sidecar 0.0.9 ", at);
  return bytes;
}

/** The smallest system in which lines of a Dockerfile can be run. */
function makeSystem(directory: string): void {
  const put = (path: string, content: string, mode = 0o644) => {
    const file = join(directory, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content, { mode });
  };
  put("etc/passwd", "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534::/:/bin/sh\n");
  put("etc/group", "root:x:0:\nnogroup:x:65534:\n");
  mkdirSync(join(directory, "bin"));
  copyFileSync("/bin/busybox", join(directory, "bin/busybox"));
  for (const [name, mode] of [
    ["root", 0o700],
    ["opt", 0o755],
    ["tmp", 0o1777],
  ] as const) {
    mkdirSync(join(directory, name));
    chmodSync(join(directory, name), mode);
  }
  const install = ["chroot", directory, "/bin/busybox", "--install", "-s", "/bin"];
  const { exitCode } = Bun.spawnSync(install);
  if (exitCode !== 0) throw new Error(`${install.join(" ")} failed`);
  compile("setcap.c", join(directory, "usr/local/bin/setcap"), "-static");
}

/** Lines, each with those that continue it. */
function instructionsOf(dockerfile: string): Instruction[] {
  const lines = dockerfile.split("\n");
  const found: Instruction[] = [];
  while (lines.length > 0) {
    let line = lines.shift()!;
    if (/^\s*(?:#|$)/.test(line)) continue;
    while (line.endsWith("\\"))
      line = `${line.slice(0, -1).trimEnd()} ${(lines.shift() ?? "").trim()}`;
    const [, word, rest] = /^([A-Z]+)\s+(.*)$/.exec(line) ?? [];
    if (word === undefined || rest === undefined) throw new Error(`what is ${line}?`);
    found.push({ word, rest });
  }
  return found;
}

/** The names in a comment `# docker build -t NAME -t NAME .` */
function namesIn(dockerfile: string): string[] {
  const command = /^# docker build (.*)$/m.exec(dockerfile)?.[1] ?? "";
  return [...command.matchAll(/-t (\S+)/g)].map(([, name]) =>
    name!.includes(":") ? name! : `${name}:latest`,
  );
}

function configure(config: Configuration["config"], { word, rest }: Instruction): void {
  const words = rest.startsWith("[") ? JSON.parse(rest) : undefined;
  switch (word) {
    case "ENV":
      config.Env = withVariables(config.Env ?? [], rest);
      return;
    case "ENTRYPOINT":
      config.Entrypoint = words ?? ["/bin/sh", "-c", rest];
      return;
    case "USER":
      config.User = rest;
      return;
    case "WORKDIR":
      config["WorkingDir"] = rest;
      return;
    case "STOPSIGNAL":
      config["StopSignal"] = rest;
      return;
    case "VOLUME":
      config["Volumes"] = { ...(config["Volumes"] as object), [rest]: {} };
      return;
    default:
      throw new Error(`what is ${word}?`);
  }
}

function withVariables(entries: readonly string[], rest: string): string[] {
  const values = new Map(
    entries.map((entry) => {
      const at = entry.indexOf("=");
      return [entry.slice(0, at), entry.slice(at + 1)];
    }),
  );
  const pattern = /\s*([^\s=]+)=(?:"((?:[^"\\]|\\.)*)"|(\S*))(?=\s|$)/y;
  const before = new Map(values);
  while (pattern.lastIndex < rest.length) {
    const [, name, quoted, bare] = pattern.exec(rest) ?? [];
    if (name === undefined) throw new Error(`what is ENV ${rest}?`);
    const text = quoted?.replace(/\\(.)/g, "$1") ?? bare ?? "";
    values.set(
      name,
      text.replace(/\$(\w+)/g, (_, other) => before.get(other) ?? ""),
    );
  }
  return [...values].map(([name, value]) => `${name}=${value}`);
}
