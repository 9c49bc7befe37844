/** sidecar.exe under Wine: images from and into a registry, and their approval. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, it } from "vitest";
import { ociLayout, writeDirectory } from "./support/images.ts";
import { describeWhere } from "./support/machine.ts";
import { hasRegistry, startRegistry, type TestRegistry } from "./support/registry.ts";
import { messageCodes, workspace } from "./support/sidecar.ts";
import { makeKeys, pem } from "./support/signing.ts";
import { prepareWine, sidecarExe, windowsNeeds, windowsPath } from "./support/wine.ts";

const prefix = "DA__P7__PCLUSTER__REGISTRY";

describeWhere({ ...windowsNeeds, "docker-registry": hasRegistry }, "on Windows", () => {
  let registry: TestRegistry;
  beforeAll(async () => {
    await prepareWine();
    registry = await startRegistry({ users: { me: "secret" } });
  });

  it("an image is pushed, pulled, and approved", async () => {
    const directory = workspace();
    const files = await ociLayout({ layers: [{ a: "1" }] });
    writeDirectory(files, join(directory, "layout"));
    const auth = Buffer.from("me:secret").toString("base64");
    writeFileSync(
      join(directory, "config.json"),
      JSON.stringify({ auths: { [registry.name]: { auth } } }),
    );
    const environment = { DOCKER_CONFIG: windowsPath(directory) };
    const reference = `${registry.name}/pseven/cobol:42`;
    const image = (words: string[], more: Record<string, string> = {}) =>
      sidecarExe(["image", ...words], {
        directory,
        environment: { ...environment, ...more },
      });
    const pushed = await image(["push", "layout", reference]);
    expect(pushed.stdout + pushed.stderr).toContain("2 blobs sent");
    const pulled = await image(["pull", reference, "-o", "back", "--form=oci-layout"]);
    expect(pulled.code, pulled.stderr).toBe(0);
    for (const [name, bytes] of files)
      if (name.startsWith("blobs/"))
        expect(readFileSync(join(directory, "back", name))).toEqual(Buffer.from(bytes));

    const approved = await image(["approve", reference], { [prefix]: registry.name });
    expect(approved.stdout).toMatch(/^approved /);
    expect(approved.code).toBe(0);
    const denied = await image(["approve", reference], { [prefix]: "r.example.com" });
    expect({ code: denied.code, said: denied.stdout.slice(0, 7) }).toEqual({
      code: 1,
      said: "denied ",
    });
    const key = makeKeys["ECDSA P-256"]();
    writeFileSync(join(directory, "cosign.pub"), pem(key.publicKey));
    const path = windowsPath(join(directory, "cosign.pub"));
    const unsigned = await image(["approve", reference], {
      [prefix]: registry.name,
      [`${prefix}__KEY`]: path,
    });
    expect(unsigned.stdout).toContain("there is no signature");
    const unchecked = await image(["approve", reference]);
    expect(unchecked.code).toBe(125);
    expect(messageCodes(unchecked.stderr)).toEqual(["approval-policy-missing"]);
  });
});
