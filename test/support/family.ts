/** The images of images/, as a real Docker engine builds them on the Debian of our own. */
import { cpSync, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { debian, debianRoot as place } from "../../scripts/images/debian.ts";
import { contextOf, family as members } from "../../scripts/images/family.ts";
import { type Docker, hardened } from "./docker.ts";
import { platformUser } from "./machine.ts";
import { root } from "./paths.ts";
import { sidecar, workspace } from "./sidecar.ts";

/** The root file system that stands for Debian's image, which nobody can pull here. */
export const debianRoot = join(root, place);
export const hasDebianRoot = isComplete(join(debianRoot, ".make-root-complete"));

/** Whether it has what the images need: one of earlier days has not. */
function isComplete(marker: string): boolean {
  if (!existsSync(marker)) return false;
  const packages = readFileSync(marker, "utf8").split("\n");
  return ["gnucobol3", "python2.7", "musl-tools"].every((one) =>
    packages.includes(one),
  );
}

/** A block of an image, as images/ has it. */
export type Block = {
  readonly runenv: readonly [name: string, version: number];
  readonly words: readonly string[];
  /** The file of blocks/ that has what it prints. */
  readonly expected: string;
};

const block = (
  runenv: Block["runenv"],
  words: readonly string[],
  expected: string,
): Block => ({ runenv, words, expected });

/** Run one after the other in a copy of the folder's blocks/. */
const blocks: Readonly<Record<string, readonly Block[]>> = {
  shell: [block(["SHELL", 1], ["block.sh", "tasks.txt"], "block.expected")],
  cobol: [block(["COBOL", 42], ["report.cob"], "report.expected")],
  python3: [block(["PYTHON3", 3], ["calibrate.py"], "calibrate.expected")],
  "python2-and-3": [
    block(["PYTHON2", 13], ["rescue.py"], "rescue.expected"),
    block(["PYTHON3", 42], ["trend.py"], "trend.expected"),
  ],
  "alpine-like": [block(["FATIGUE", 1], ["assess.sh"], "assess.expected")],
  "scratch-static": [block(["BEAM", 1], ["gantry.beam"], "gantry.expected")],
};

/** In the order in which they are built; two of them have no blocks. */
export const family = members.map((member) => ({
  ...member,
  blocks: blocks[member.folder] ?? [],
}));

/** A line for each block, with the name that its runenv gives to the image. */
export const familyBlocks = family.flatMap(({ folder, names, blocks }) =>
  blocks.map((block, index) => ({
    folder,
    name: names[index]!,
    block,
    /** What this block may need. */
    earlier: blocks.slice(0, index),
  })),
);

/** The file of blocks/ that has what a block prints. */
export function expectedOf(folder: string, { expected }: Block): string {
  return readFileSync(join(root, "images", folder, "blocks", expected), "utf8");
}

/** Runs a block of an image that Docker has, as pCluster would, in `directory`. */
function runBlock(docker: Docker, name: string, block: Block, directory: string) {
  return docker.run([
    ...[...hardened, `--volume=${directory}:/block`, "--workdir=/block"],
    ...[name, "--result=/block/result.json"],
    ...wordsOf(block),
  ]);
}

/**
 * Runs a block, behind those that it may need, and expects what it is known to print.
 * @returns the directory, with its record
 */
export function expectBlock(
  docker: Docker,
  { folder, name, block, earlier }: (typeof familyBlocks)[number],
): string {
  const directory = placeOf(folder);
  for (const one of earlier)
    expect(runBlock(docker, name, one, directory).code).toBe(0);
  const { code, stdout, stderr } = runBlock(docker, name, block, directory);
  expect(stderr).toBe("");
  expect(stdout).toBe(expectedOf(folder, block));
  expect(code).toBe(0);
  return directory;
}

/** A copy of blocks/ that belongs to the platform's user. */
export function placeOf(folder: string): string {
  const directory = workspace();
  cpSync(join(root, "images", folder, "blocks"), directory, { recursive: true });
  Bun.spawnSync(["chown", "-R", `${platformUser}`, directory]);
  return directory;
}

/** Sidecar's words for a block, as pCluster gives them. */
function wordsOf({ runenv: [name, version], words }: Block): string[] {
  return [
    `--runenv=(${name},${version})`,
    "--exec",
    `\${DA__P7__RUNENV__${name}__EXECUTE}`,
    ...words,
  ];
}

/**
 * What `sidecar image lint` has against images of the family, other than notes: by the
 * first name of each. Nothing, but that two have no runenv, and are not meant to.
 */
export const known: Readonly<Record<string, readonly string[]>> = Object.fromEntries(
  family.map(({ names: [name], blocks }) => [
    `${name}:latest`,
    blocks.length > 0 ? [] : ["runenv-none"],
  ]),
);

/** Lints all images of a source. @returns rules that are broken, by name of the image */
export async function lint(source: string): Promise<Record<string, string[]>> {
  const { stdout, stderr } = await sidecar(["image", "lint", "--json", source]);
  expect(stderr).toBe("");
  const { images } = JSON.parse(stdout) as {
    images: { names: string[]; findings: { rule: string; severity: string }[] }[];
  };
  return Object.fromEntries(
    images.map(({ names, findings }) => [
      names[0],
      findings.filter(({ severity }) => severity !== "note").map(({ rule }) => rule),
    ]),
  );
}

/** Gives Docker the Debian that the Dockerfiles begin with, and builds the images. */
export function buildFamily(docker: Docker): void {
  const { stderr, exitCode } = Bun.spawnSync(
    [
      "sh",
      "-c",
      `tar -C "$1" --exclude=./dev -c . |
         /usr/bin/docker import - "$2"`,
      ...["sh", debianRoot, debian],
    ],
    { env: { PATH: process.env["PATH"], DOCKER_HOST: docker.host }, stderr: "pipe" },
  );
  expect(exitCode, stderr.toString()).toBe(0);
  for (const { folder, names } of members) {
    const { code, stdout, stderr } = docker.run([
      "build",
      `--file=images/${folder}/Dockerfile`,
      ...names.map((name) => `--tag=${name}`),
      contextOf(folder),
    ]);
    expect(code, stdout + stderr).toBe(0);
  }
}
