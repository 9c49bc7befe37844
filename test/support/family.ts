/** The images of images/, as a real Docker engine builds them on the Debian of our own. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import type { Docker } from "./docker.ts";
import { root } from "./paths.ts";

/** The root file system that stands for Debian's image, which nobody can pull here. */
export const debianRoot = join(root, ".cache/root");
export const hasDebianRoot = existsSync(join(debianRoot, "etc"));

/** A block of an image, as images/ has it. */
export type Block = {
  readonly runenv: readonly [name: string, version: number];
  readonly words: readonly string[];
  /** The file of blocks/ that has what it prints. */
  readonly expected: string;
};

export type Member = {
  readonly folder: string;
  /** As its README calls it. */
  readonly names: readonly string[];
  /** Run one after the other in a copy of blocks/. */
  readonly blocks: readonly Block[];
};

const block = (
  runenv: Block["runenv"],
  words: readonly string[],
  expected: string,
): Block => ({ runenv, words, expected });

/** In the order in which they are built. */
export const family: readonly Member[] = [
  { folder: "sidecar", names: ["sidecar"], blocks: [] },
  { folder: "base", names: ["sidecar-base"], blocks: [] },
  {
    folder: "shell",
    names: ["pseven-calc-shell-1"],
    blocks: [block(["SHELL", 1], ["block.sh", "tasks.txt"], "block.expected")],
  },
  {
    folder: "cobol",
    names: ["pseven-calc-cobol-42"],
    blocks: [block(["COBOL", 42], ["report.cob"], "report.expected")],
  },
  {
    folder: "python3",
    names: ["pseven-calc-python3-3"],
    blocks: [block(["PYTHON3", 3], ["calibrate.py"], "calibrate.expected")],
  },
  {
    folder: "python2-and-3",
    names: ["pseven-calc-python2-13", "pseven-calc-python3-42"],
    blocks: [
      block(["PYTHON2", 13], ["rescue.py"], "rescue.expected"),
      block(["PYTHON3", 42], ["trend.py"], "trend.expected"),
    ],
  },
  {
    folder: "alpine-like",
    names: ["pseven-calc-fatigue-1"],
    blocks: [block(["FATIGUE", 1], ["assess.sh"], "assess.expected")],
  },
  {
    folder: "scratch-static",
    names: ["pseven-calc-beam-1"],
    blocks: [block(["BEAM", 1], ["gantry.beam"], "gantry.expected")],
  },
];

/** Sidecar's words for a block, as pCluster gives them. */
export function wordsOf({ runenv: [name, version], words }: Block): string[] {
  return [
    `--runenv=(${name},${version})`,
    "--exec",
    `\${DA__P7__RUNENV__${name}__EXECUTE}`,
    ...words,
  ];
}

/** Gives Docker the Debian that the Dockerfiles begin with, and builds the images. */
export function buildFamily(docker: Docker, members = family): void {
  const { stderr, exitCode } = Bun.spawnSync(
    [
      "sh",
      "-c",
      `tar -C "$1" --exclude=./dev -c . |
         /usr/bin/docker import - debian:bookworm-slim`,
      "sh",
      debianRoot,
    ],
    { env: { PATH: process.env["PATH"], DOCKER_HOST: docker.host }, stderr: "pipe" },
  );
  expect(exitCode, stderr.toString()).toBe(0);
  for (const { folder, names } of members) {
    // Sidecar alone comes from outside its folder.
    const context = folder === "sidecar" ? "." : `images/${folder}`;
    const { code, stdout, stderr } = docker.run([
      "build",
      `--file=images/${folder}/Dockerfile`,
      ...names.map((name) => `--tag=${name}`),
      context,
    ]);
    expect(code, stdout + stderr).toBe(0);
  }
}
