/**
 * What lint says of permission, without running anything, is what the kernel does: the
 * same files as an image and as directories, in which users of the platform try.
 */
import { chmodSync, chownSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { expect, it } from "vitest";
import type { Finding } from "../src/image/lint/finding.ts";
import { type FileDescription, ociLayout, writeDirectory } from "./support/images.ts";
import { describeWhere, has, isRoot } from "./support/machine.ts";
import { run, sidecar, workspace } from "./support/sidecar.ts";

const owners = [0, 0, 0, 1000, 20_000, 20_005, 29_999];
/** Who tries: each as a user and as a group, those of no file too. */
const users = [20_000, 20_005, 24_680, 29_999];
const directoryModes = [0o755, 0o755, 0o755, 0o711, 0o701, 0o750, 0o700, 0o655, 0o745];
const fileModes = [
  0o755, 0o755, 0o555, 0o711, 0o744, 0o750, 0o705, 0o055, 0o575, 0o557,
];

const owned = (modes: readonly number[]) =>
  fc.record({
    mode: fc.constantFrom(...modes),
    uid: fc.constantFrom(...owners),
    gid: fc.constantFrom(...owners),
  });
/** A directory, one in it, and in that a file to read and a script to start. */
const place = fc.record({
  outer: owned(directoryModes),
  inner: owned(directoryModes),
  read: owned(fileModes),
  start: owned(fileModes),
});
type Place = typeof place extends fc.Arbitrary<infer Value> ? Value : never;

const paths = (index: number) => ({
  outer: `place${index}`,
  inner: `place${index}/inner`,
  read: `place${index}/inner/on.env`,
  start: `place${index}/inner/run`,
});
const contents = { read: "A=1\n", start: "#!/bin/sh\nexit 0\n" };

/** What lint says: of each place, whether everybody can read and start what is there. */
async function byLint(places: readonly Place[]): Promise<[boolean, boolean][]> {
  const layer: Record<string, FileDescription> = {};
  const environment: string[] = [];
  for (const [index, described] of places.entries()) {
    const names = paths(index);
    for (const part of ["outer", "inner"] as const)
      layer[`${names[part]}/`] = described[part];
    for (const part of ["read", "start"] as const)
      layer[names[part]] = { ...described[part], content: contents[part] };
    const variable = `DA__P7__RUNENV__R${index}__`;
    environment.push(`${variable}ACTIVATE=/${names.read}`);
    environment.push(`${variable}EXECUTE=/${names.start}`);
  }
  const shell = { mode: 0o755, content: readFileSync("/bin/busybox") };
  const image = await ociLayout({
    layers: [{ "bin/": {}, "bin/sh": shell }, layer],
    config: { Env: environment },
    compression: "none",
  });
  const words = ["image", "lint", writeDirectory(image, workspace()), "--json"];
  const { findings } = JSON.parse((await sidecar(words)).stdout).images[0];
  const closed = (findings as Finding[])
    .filter(({ rule }) => rule === "way-closed" || rule === "file-closed")
    .map(({ message }) => message);
  const isOpen = (what: string, index: number) =>
    !closed.some((message) => new RegExp(`\\b${what} of R${index}[,:]`).test(message));
  return places.map((_, index) => [
    isOpen("ACTIVATE", index),
    isOpen("EXECUTE", index),
  ]);
}

/** What the kernel lets all of them do. */
async function byKernel(places: readonly Place[]): Promise<[boolean, boolean][]> {
  const directory = workspace();
  const make = (path: string, { mode, uid, gid }: Place["outer"], content?: string) => {
    const file = join(directory, path);
    if (content === undefined) mkdirSync(file);
    else writeFileSync(file, content);
    chownSync(file, uid, gid);
    chmodSync(file, mode);
  };
  for (const [index, described] of places.entries()) {
    const names = paths(index);
    make(names.outer, described.outer);
    make(names.inner, described.inner);
    make(names.read, described.read, contents.read);
    make(names.start, described.start, contents.start);
  }
  const script = `for place; do
    cat "$place/inner/on.env" >/dev/null 2>&1 && printf r || printf -
    "$place/inner/run" 2>/dev/null && printf x || printf -
  done`;
  const results = places.map((): [boolean, boolean] => [true, true]);
  for (const uid of users)
    for (const gid of users) {
      const words = ["setpriv", `--reuid=${uid}`, `--regid=${gid}`, "--clear-groups"];
      const names = places.map((_, index) => paths(index).outer);
      const { stdout } = await run(
        [...words, "--inh-caps=-all", "sh", "-c", script, "sh", ...names],
        { directory },
      );
      expect(stdout).toMatch(new RegExp(`^[rx-]{${2 * places.length}}$`));
      results.forEach((result, index) => {
        result[0] &&= stdout[2 * index] === "r";
        result[1] &&= stdout[2 * index + 1] === "x";
      });
    }
  return results;
}

describeWhere(
  { root: isRoot, setpriv: has("setpriv"), busybox: has("busybox") },
  "permission",
  () => {
    it("is judged for everybody as the kernel grants it", async () => {
      const seen = new Set<string>();
      await fc.assert(
        fc.asyncProperty(
          fc.array(place, { minLength: 40, maxLength: 40 }),
          async (places) => {
            const expected = await byKernel(places);
            expect(await byLint(places)).toEqual(expected);
            for (const result of expected) seen.add(String(result));
          },
        ),
        { numRuns: 5 },
      );
      // All that can be was there: both, neither, and either of the two.
      expect(seen.size).toBe(4);
    });
  },
);
