/** The papers beside dist/sidecar: checksums, bill of materials, licences. */
import { chmodSync, copyFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Spec, Validation } from "@cyclonedx/cyclonedx-library";
import { expect, it } from "vitest";
import { describeWhere, has, hasLauncher } from "./support/machine.ts";
import { built, root } from "./support/paths.ts";
import { run, workspace } from "./support/sidecar.ts";

const dist = join(root, "dist");
const bill = () => readFileSync(`${built}.cdx.json`, "utf8");
const licences = () => readFileSync(`${built}.licences.txt`, "utf8");

it("SHA256SUMS is what sha256sum --check accepts, of every file", async () => {
  const { stdout, code } = await run(
    ["sha256sum", "--check", "--strict", "SHA256SUMS"],
    {
      directory: dist,
    },
  );
  const files = stdout.trim().split("\n");
  for (const name of ["sidecar", "sidecar.cdx.json", "sidecar.licences.txt"])
    expect(files).toContain(`${name}: OK`);
  expect(code).toBe(0);
});

it("the bill of materials is valid CycloneDX, for this very executable", async () => {
  const validator = new Validation.JsonStrictValidator(Spec.Version.v1dot6);
  expect(await validator.validate(bill())).toBeNull();
  const checksum = new Bun.CryptoHasher("sha256").update(readFileSync(built));
  expect(JSON.parse(bill()).metadata.component.hashes).toEqual([
    { alg: "SHA-256", content: checksum.digest("hex") },
  ]);
});

it("every package in the executable is in the bill, and its licence beside it", () => {
  const { components } = JSON.parse(bill()) as {
    components: { name: string; version: string; licenses: unknown[] }[];
  };
  const { packages } = JSON.parse(
    readFileSync(join(root, "package-lock.json"), "utf8"),
  );
  const known = components.map(({ name }) => name);
  expect(known).toEqual(
    expect.arrayContaining(["bun", "yargs", "fastest-levenshtein"]),
  );
  for (const { name, version, licenses } of components) {
    expect(licenses).toHaveLength(1);
    expect(licences()).toContain(`\n${name} ${version}\n`);
    if (["bun", "glibc", "libgcc"].includes(name)) continue;
    const locked = Object.entries<{ version: string }>(packages)
      .filter(([path]) => path.endsWith(`node_modules/${name}`))
      .map(([, entry]) => entry.version);
    expect(locked).toContain(version);
  }
});

it("Bun's parts are in the bill, those under the LGPL with its text", () => {
  const { components } = JSON.parse(bill());
  const bun = components.find(({ name }: { name: string }) => name === "bun");
  const parts: string[] = bun.components.map(({ name }: { name: string }) => name);
  expect(parts).toEqual(expect.arrayContaining(["JavaScriptCore", "tinycc", "zstd"]));
  expect(parts.filter((name) => /^-|^Library$|\[|`/.test(name))).toEqual([]);
  expect(licences()).toContain("GNU LIBRARY GENERAL PUBLIC LICENSE");
});

describeWhere({ "the launcher": hasLauncher, gcc: has("gcc") }, "glibc", () => {
  it("is in the bill, and its licence beside it", () => {
    expect(bill()).toMatch(/"name": "glibc"/);
    expect(licences()).toContain("GNU LESSER GENERAL PUBLIC LICENSE");
    expect(licences()).toContain("GCC RUNTIME LIBRARY EXCEPTION");
  });

  it("can be replaced by a modified one, as its licence demands", async () => {
    const { copySources } = await import("./support/checkout.ts");
    const directory = copySources();
    const archives = workspace();
    const { stdout } = await run(["gcc", "-print-file-name=libc.a"]);
    const archive = join(archives, "libc.a");
    copyFileSync(stdout.trim(), archive);
    chmodSync(archive, 0o644);
    // What anybody would see of a modified libc: the words of an error.
    const bytes = readFileSync(archive);
    const before = "No such file or directory\0";
    const after = "There is none of this name\0".slice(0, before.length - 1);
    for (let at = bytes.indexOf(before); at >= 0; at = bytes.indexOf(before, at + 1))
      bytes.write(after, at);
    await Bun.write(archive, bytes);
    const result = await run(
      [
        "sh",
        join(directory, "scripts/bun"),
        join(directory, "build.ts"),
        "--libc",
        archives,
      ],
      { environment: { PATH: process.env["PATH"] ?? "" } },
    );
    expect(result).toMatchObject({ code: 0, stderr: "" });
    const relinked = join(directory, "dist/sidecar");
    const { stderr, code } = await run([relinked, "--exec", "/nowhere/at/all"]);
    expect(stderr).toContain(after);
    expect(code).toBe(127);
  });
});
