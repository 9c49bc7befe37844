/** What docs/approval.md tells people to type is typed here, against a real registry. */
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, it } from "vitest";
import { dockerArchive, writeArchive } from "./support/images.ts";
import { describeWhere } from "./support/machine.ts";
import { executable, root } from "./support/paths.ts";
import { hasRegistry, startRegistry, type TestRegistry } from "./support/registry.ts";
import { run, smallEnvironment, workspace } from "./support/sidecar.ts";
import { attach, makeKeys, payload, pem, signWith } from "./support/signing.ts";

const page = readFileSync(join(root, "docs/approval.md"), "utf8");
const blocks = [...page.matchAll(/^```sh with-registry( signed)?\n([\s\S]*?)^```/gm)];

describeWhere({ "docker-registry": hasRegistry }, "docs/approval.md", () => {
  let registry: TestRegistry;
  beforeAll(async () => {
    registry = await startRegistry();
  });

  /** On the page the registry has a name of its own. */
  const here = (text: string) => text.replaceAll("registry.example.com", registry.name);

  async function type(directory: string, script: string) {
    const programs = join(directory, "bin");
    mkdirSync(programs, { recursive: true });
    symlinkSync(executable, join(programs, "sidecar"));
    return run(["sh", "-e", "-c", here(script)], {
      directory,
      environment: { PATH: `${programs}:${smallEnvironment.PATH}` },
    });
  }

  async function placeWithImage(): Promise<string> {
    const directory = workspace();
    await writeArchive(
      await dockerArchive({
        layers: [{ "opt/cobol": "x" }],
        config: {
          Env: [
            "DA__P7__RUNENV__COBOL__VERSION=42",
            "DA__P7__RUNENV__COBOL__EXECUTE=cobc",
          ],
        },
        names: ["cobol:42"],
      }),
      join(directory, "cobol.tar"),
    );
    return directory;
  }

  it("has commands", () => {
    expect(blocks).toHaveLength(3);
    const all = [...page.matchAll(/^\s*sidecar image/gm)];
    const typed = blocks.flatMap(([, , script]) => [
      ...script!.matchAll(/sidecar image/g),
    ]);
    // One more stands at the beginning, and is among them.
    expect(all).toHaveLength(typed.length + 1);
  });

  it.each(blocks.map(([, signed, script]) => [script!, signed !== undefined] as const))(
    "%s",
    async (script, isSigned) => {
      const directory = await placeWithImage();
      if (isSigned) await sign(directory);
      const { code, stderr, stdout } = await type(directory, script);
      expect(code, stderr).toBe(0);
      if (!isSigned) return;
      const verdicts = stdout.match(/^(approved|denied)|"could-not-check"/gm);
      expect(verdicts).toEqual(["approved", "denied", '"could-not-check"']);
    },
  );

  /** The page's policy, its keys, and its image, signed as the page says. */
  async function sign(directory: string): Promise<void> {
    const { publicKey, privateKey } = makeKeys["ECDSA P-256"]();
    writeFileSync(join(directory, "cosign.pub"), pem(publicKey));
    writeFileSync(join(directory, "emergency.pub"), pem(makeKeys.Ed25519().publicKey));
    const policy = JSON.parse(/^```json policy\n([\s\S]*?)^```/m.exec(page)![1]!);
    const [host, port] = registry.name.split(":");
    for (const entry of policy.registries)
      if (entry.host === "registry.example.com")
        Object.assign(entry, { host, port: Number(port) });
    writeFileSync(join(directory, "policy.json"), JSON.stringify(policy));
    const path = "pseven/calc/cobol";
    const repository = `${registry.name}/${path}`;
    const pushed = await run(
      [executable, "image", "push", "--json", "cobol.tar", `${repository}:42`],
      { directory },
    );
    const { digest } = JSON.parse(pushed.stdout) as { digest: string };
    const statement = payload({ repository, digest, optional: { tag: "42" } });
    await attach(registry.name, path, digest, [signWith(privateKey, statement)]);
  }
});
