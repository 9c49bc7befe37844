/** Layers are merged by the specification, and paths resolved as the kernel does. */
import {
  closeSync,
  mkdirSync,
  openSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { TreeNode } from "../src/image/tree/tree.ts";
import { type LayerDescription, layerTar } from "./support/images.ts";
import { imageOf, lines, read } from "./support/layers.ts";
import { workspace } from "./support/sidecar.ts";
import { archive, member, pax, record } from "./support/tar.ts";
import { type ModelEntry, TreeModel } from "./support/tree-model.ts";

const merged = async (...layers: LayerDescription[]) =>
  read(
    imageOf(
      await Promise.all(layers.map(async (one) => ({ tar: await layerTar(one) }))),
    ),
  );

/** Paths with the layer that they are of. */
const paths = async (...layers: LayerDescription[]) => {
  const { tree } = await merged(...layers);
  return [...tree.nodes()]
    .slice(1)
    .map(({ path, layer }) => `${path} ${layer?.index ?? "-"}`);
};

const link = (linkname: string) => ({ type: "symlink", linkname }) as const;
const hard = (linkname: string) => ({ type: "link", linkname }) as const;

describe("merging", () => {
  it("a directory over a directory changes it, and keeps what is in it", async () => {
    const { tree } = await merged({ "d/": {}, "d/f": "" }, { "d/": { mode: 0o700 } });
    expect(lines(tree).slice(1)).toEqual([
      "/d directory 700 0:0 1",
      "/d/f file 644 0:0 0",
    ]);
  });

  it("anything else replaces what was there", async () => {
    expect(await paths({ "d/": {}, "d/f": "", e: "" }, { d: "", "e/": {} })).toEqual([
      "/d 1",
      "/e 1",
    ]);
    expect(await paths({ "d/": {}, "d/f": "" }, { d: link("e") })).toEqual(["/d 1"]);
  });

  it("a whiteout takes away, of lower layers only, wherever in its layer it is", async () => {
    const lower = { "d/": {}, "d/f": "", "d/g": "" };
    expect(await paths(lower, { "d/.wh.f": "" })).toEqual(["/d 0", "/d/g 0"]);
    expect(await paths(lower, { ".wh.d": "" })).toEqual([]);
    expect(await paths(lower, { ".wh.none": "", "x/.wh.y": "" })).toEqual([
      "/d 0",
      "/d/f 0",
      "/d/g 0",
    ]);
    expect(await paths(lower, { "d/new": "", "d/.wh..wh..opq": "" })).toEqual([
      "/d 0",
      "/d/new 1",
    ]);
  });

  it("an opaque root leaves only what the layer has", async () => {
    expect(await paths({ a: "", "b/": {} }, { c: "", ".wh..wh..opq": "" })).toEqual([
      "/c 1",
    ]);
  });

  it("files of AUFS are passed over", async () => {
    const aufs = {
      ".wh..wh.plnk/": {},
      ".wh..wh.plnk/1.2": "",
      ".wh..wh.aufs": "",
      a: "",
    };
    expect(await paths(aufs)).toEqual(["/a 0"]);
  });

  it("a directory that no layer has is root's, with mode 0755", async () => {
    const { tree } = await merged({ "a/b/c": "" });
    expect(lines(tree)).toEqual([
      "/ directory 755 0:0 -",
      "/a directory 755 0:0 -",
      "/a/b directory 755 0:0 -",
      "/a/b/c file 644 0:0 0",
    ]);
  });

  it("./a, /a and a are one file; ./ is the root", async () => {
    const tar = archive(
      member({ name: "./", flag: "5", mode: "0000700" }),
      member({ name: "./a" }),
      member({ name: "/b//c/./d" }),
    );
    const { tree } = await read(imageOf([{ tar }]));
    expect(lines(tree)).toEqual([
      "/ directory 700 0:0 0",
      "/a file 644 0:0 0",
      "/b directory 755 0:0 -",
      "/b/c directory 755 0:0 -",
      "/b/c/d file 644 0:0 0",
    ]);
  });

  it("what is below a merged /bin or /lib goes where that leads", async () => {
    const usr = { "usr/": {}, "usr/bin/": {}, bin: link("usr/bin"), "usr/bin/sh": "" };
    expect(await paths(usr, { "bin/tool": "" })).toContain("/usr/bin/tool 1");
    expect(await paths(usr, { "bin/.wh.sh": "" })).not.toContain("/usr/bin/sh 0");
    const absolute = { ...usr, bin: link("/usr/bin/") };
    expect(await paths(absolute, { "bin/sh": "" })).toContain("/usr/bin/sh 1");
    const dangling = { lib: link("usr/lib") };
    expect(await paths(dangling, { "lib/x": "" })).toContain("/usr/lib/x 1");
  });

  it("a directory in a link's place is one, and its whiteouts mean nothing else", async () => {
    const lower = { "usr/bin/sh": "", bin: link("usr/bin") };
    const upper = {
      "bin/": {},
      "bin/.wh..wh..opq": "",
      "bin/new": "",
      "bin/.wh.sh": "",
    };
    expect(await paths(lower, upper)).toEqual([
      "/bin 1",
      "/bin/new 1",
      "/usr -",
      "/usr/bin -",
      "/usr/bin/sh 0",
    ]);
  });

  it("links never lead out of the image", async () => {
    const out = { "d/": {}, up: link("../../../..") };
    expect(await paths(out, { "up/x": "" })).toContain("/x 1");
  });

  it("hard links are one file, over layers too", async () => {
    const { tree } = await merged(
      { a: { content: "x", mode: 0o600 }, b: hard("a") },
      { c: hard("/b"), a: "other" },
    );
    const node = (path: string) => tree.resolve(path) as unknown as { node: TreeNode };
    const [a, b, c] = ["/a", "/b", "/c"].map((path) => node(path).node);
    expect(tree.same(b!, c!)).toBe(true);
    expect(tree.same(a!, b!)).toBe(false);
    expect(c).toMatchObject({
      type: "file",
      mode: 0o600,
      size: 1,
      layer: { index: 0 },
    });
    expect(await tree.content(c!, 9)).toEqual(new Uint8Array([0x78]));
  });
});

describe("what loaders would take differently is told:", () => {
  const told = async (...layers: LayerDescription[]) => {
    const { problems } = await merged(...layers);
    return problems.map(({ kind, path, layer, target }) =>
      [kind, path, layer.index, ...(target ? [target] : [])].join(" "),
    );
  };

  it.each<[string, LayerDescription[]]>([
    ["duplicate-entry /a 1", [{ a: "" }, { a: "", "./a": "" }]],
    ["duplicate-entry /usr/x 1", [{ lib: link("usr") }, { "usr/x": "", "lib/x": "" }]],
    ["whiteout-and-entry /a 1", [{ a: "" }, { ".wh.a": "", a: "" }]],
    ["whiteout-and-entry /a 0", [{ a: "", ".wh.a": "" }]],
    ["entry-below-non-directory /d/a 0", [{ "d/a": "", d: "" }]],
    ["entry-below-non-directory /d/a 0", [{ d: link("e"), "d/a": "" }]],
    ["parent-unusable /d/a 1 /d", [{ d: "" }, { "d/a": "" }]],
    ["parent-unusable /l/a 1 /l", [{ l: link("l") }, { "l/a": "" }]],
    ["hard-link-missing /b 0 /a", [{ b: hard("a"), a: "" }]],
    ["hard-link-missing /b 0 /b", [{ b: hard("b") }]],
    ["hard-link-to-directory /b 0 /d", [{ "d/": {}, b: hard("d") }]],
  ])("%s", async (problem, layers) => {
    expect(await told(...layers)).toEqual([problem]);
  });

  it("below a file of its own there is none", async () => {
    expect(await told({ d: "", "d/a": "" })).toEqual([
      "entry-below-non-directory /d/a 0",
      "parent-unusable /d/a 0 /d",
    ]);
  });

  it("at most a thousand times, the others are counted", async () => {
    const twice = Array.from({ length: 1200 }, (_, at) => member({ name: `f${at}` }));
    const opened = imageOf([{ tar: archive(...twice, ...twice) }]);
    const { problems, omittedProblems } = await read(opened);
    expect([problems.length, omittedProblems]).toEqual([1000, 200]);
  });

  it.each([".wh.", ".wh..", ".wh...", "d/.wh.", ".wh.d/x"])(
    "and %s is refused",
    async (name) => {
      await expect(merged({ [name]: "" })).rejects.toMatchObject({
        code: "image-tar-invalid",
      });
    },
  );

  it("and a root that is none, too", async () => {
    await expect(merged({ "./.": "" })).rejects.toMatchObject({
      code: "image-tar-invalid",
    });
  });
});

const name = fc.constantFrom("a", "b", "c");
const anyPath = fc
  .array(name, { minLength: 1, maxLength: 3 })
  .map((all) => all.join("/"));
const target = fc
  .tuple(fc.constantFrom("", "/", "../", "./"), anyPath, fc.constantFrom("", "", "/"))
  .map((all) => all.join(""));
const mode = fc.integer({ min: 1, max: 0o7777 });
const entry: fc.Arbitrary<ModelEntry> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant("file" as const), path: anyPath, mode }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("directory" as const),
      path: anyPath,
      mode,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("symlink" as const),
      path: anyPath,
      target,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("hard-link" as const),
      path: anyPath,
      target: anyPath,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant("whiteout" as const), path: anyPath }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("opaque" as const),
      path: fc.oneof(anyPath, fc.constant("")),
    }),
  },
);

function asMember(one: ModelEntry): Uint8Array {
  const { path } = one;
  const at = path.lastIndexOf("/") + 1;
  switch (one.kind) {
    case "whiteout":
      return member({ name: `${path.slice(0, at)}.wh.${path.slice(at)}` });
    case "opaque":
      return member({ name: `${path && `${path}/`}.wh..wh..opq` });
    case "symlink":
      return member({ name: path, flag: "2", target: one.target, mode: "0000777" });
    case "hard-link":
      return member({ name: path, flag: "1", target: one.target });
    default: {
      const flag = one.kind === "file" ? "0" : "5";
      const mode = one.mode.toString(8).padStart(7, "0");
      return member({ name: path, flag, mode });
    }
  }
}

const anyLayers = fc.array(fc.array(entry, { maxLength: 12 }), {
  minLength: 1,
  maxLength: 4,
});

it("any layers become what the plainest way makes of them", async () => {
  await fc.assert(
    fc.asyncProperty(anyLayers, async (layers) => {
      const model = new TreeModel();
      for (const [index, entries] of layers.entries()) model.add(entries, index);
      const opened = imageOf(
        layers.map((all) => ({ tar: archive(...all.map(asMember)) })),
      );
      const { tree } = await read(opened);
      expect(lines(tree)).toEqual(model.lines());
      const all = [...tree.nodes()];
      const privileged = ({ type, mode }: TreeNode) =>
        type === "file" && (mode & 0o6000) !== 0;
      expect([...tree.nodes("privileged")]).toEqual(all.filter(privileged));
      const named = all.filter(({ path }) => path.endsWith("/a"));
      expect([...tree.nodes({ name: "a" })]).toEqual(named);
      const [root] = all;
      const below = all.filter(({ path }) => /^\/[^/]+$/.test(path));
      expect([...tree.children(root!)]).toEqual(below);
    }),
    { numRuns: 1500 },
  );
});

/** Where the kernel says that a path leads, seen from a directory. */
function asKernel(directory: string, path: string): string {
  const errors: Record<string, string> = {
    ENOENT: "missing",
    ENOTDIR: "not-directory",
    ELOOP: "loop",
  };
  try {
    const file = openSync(`${directory}/${path}`, 0o10_000_000 /* O_PATH */);
    const found = readlinkSync(`/proc/self/fd/${file}`);
    closeSync(file);
    if (!`${found}/`.startsWith(`${directory}/`)) return "outside";
    return `found ${found.slice(directory.length) || "/"}`;
  } catch (error) {
    const { code } = error as { code: string };
    return errors[code] ?? code;
  }
}

it("any path leads where the kernel says", async () => {
  const made = fc.uniqueArray(
    fc.record({
      path: anyPath,
      kind: fc.constantFrom("file", "directory", "symlink"),
      target,
    }),
    { selector: ({ path }) => path, maxLength: 9 },
  );
  const asked = fc.array(fc.constantFrom("a", "b", "c", "..", "."), { maxLength: 5 });
  const workplace = workspace();
  let count = 0;
  await fc.assert(
    fc.asyncProperty(made, fc.array(asked), async (files, questions) => {
      count += 1;
      const directory = join(workplace, `${count}`);
      mkdirSync(directory);
      const members: Uint8Array[] = [];
      for (const { path, kind, target: leads } of files) {
        // The kernel has no other root here: links are relative, and stay below it.
        const inside = leads.replace(path.includes("/") ? /^\// : /^(\/|\.\.\/)/, "");
        const place = join(directory, path);
        try {
          if (kind === "file") writeFileSync(place, "", { flag: "wx" });
          else if (kind === "directory") mkdirSync(place);
          else symlinkSync(inside, place);
        } catch {
          continue; // Its parent is no directory, or it is there by another path.
        }
        const flag = { file: "0", directory: "5", symlink: "2" }[kind]!;
        members.push(member({ name: path, flag, target: inside }));
      }
      const { tree } = await read(imageOf([{ tar: archive(...members) }]));
      for (const question of questions) {
        const ways = question.map((_, at) => question.slice(0, at + 1).join("/"));
        if (ways.some((way) => asKernel(directory, way) === "outside")) continue;
        const path = question.join("/");
        const found = tree.resolve(`/${path}`);
        const ours = found.kind === "found" ? `found ${found.node.path}` : found.kind;
        expect(`${path}: ${ours}`).toBe(`${path}: ${asKernel(directory, path)}`);
      }
    }),
    { numRuns: 500 },
  );
});

describe("resolving", () => {
  it("tells every step", async () => {
    const { tree } = await merged({
      "usr/bin/": {},
      "usr/bin/sh": link("dash"),
      "usr/bin/dash": "",
      bin: link("usr/bin"),
    });
    const found = tree.resolve("/bin/sh");
    expect(found.steps.map(({ path }) => path)).toEqual([
      "/",
      "/bin",
      "/usr",
      "/usr/bin",
      "/usr/bin/sh",
      "/usr/bin/dash",
    ]);
    expect(tree.resolve("/bin/sh", true)).toMatchObject({ node: { target: "dash" } });
  });

  it("ends at forty links, as the kernel does", async () => {
    const links = (count: number): LayerDescription => ({
      ...Object.fromEntries(
        Array.from({ length: count }, (_, at) => [`l${at + 1}`, link(`l${at}`)]),
      ),
      l0: "",
    });
    const { tree } = await merged(links(41));
    expect(tree.resolve("/l40").kind).toBe("found");
    expect(tree.resolve("/l41")).toMatchObject({ kind: "loop", path: "/l1" });
  });

  it("says what is missing, and what is no directory", async () => {
    const { tree } = await merged({
      "d/f": "",
      l: link("d/none/x"),
      "u/": {},
      s: link("d/f/"),
    });
    expect(tree.resolve("/d/g/h")).toMatchObject({ kind: "missing", path: "/d/g" });
    expect(tree.resolve("/l")).toMatchObject({ kind: "missing", path: "/d/none" });
    expect(tree.resolve("/d/f/x")).toMatchObject({
      kind: "not-directory",
      path: "/d/f",
    });
    expect(tree.resolve("/s")).toMatchObject({ kind: "not-directory", path: "/d/f" });
  });
});

it("names and targets that are no UTF-8 stay what they are", async () => {
  const bytes = Uint8Array.of(0x66, 0xff, 0xfe);
  const tar = archive(
    pax([record("linkpath", bytes)]),
    member({ name: Uint8Array.of(0x6c, 0x80), flag: "2" }),
    member({ name: bytes }),
  );
  const { tree } = await read(imageOf([{ tar }]));
  expect(tree.resolve("/l\udc80")).toMatchObject({
    kind: "found",
    node: { path: "/f\udcff\udcfe" },
  });
});
