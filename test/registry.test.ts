/** Images from and into a real registry (Debian's docker-registry), as users do it. */
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { startFaultyWay } from "./support/faulty.ts";
import {
  addBlob,
  addImage,
  dockerArchive,
  finishLayout,
  type ImageFileSet,
  json,
  named,
  newDockerArchive,
  ociLayout,
  sha256,
  writeArchive,
  writeDirectory,
} from "./support/images.ts";
import { describeWhere, has } from "./support/machine.ts";
import { executable } from "./support/paths.ts";
import {
  hasRegistry,
  makeCertificate,
  startRegistry,
  startTokenServer,
  type TestRegistry,
} from "./support/registry.ts";
import {
  messageCodes,
  run,
  sidecar,
  smallEnvironment,
  workspace,
} from "./support/sidecar.ts";

const needs = { "docker-registry": hasRegistry, python3: has("python3") };

const small = {
  layers: [{ "bin/": "", "bin/tool": "#!/bin/sh\n" }, { "etc/tool.conf": "x = 1\n" }],
  config: { Env: ["A=1"] },
};

/** Credentials as `docker login` writes them. */
function dockerConfiguration(content: unknown): string {
  const directory = workspace();
  writeFileSync(join(directory, "config.json"), JSON.stringify(content));
  return directory;
}

const base64 = (text: string) => Buffer.from(text).toString("base64");

const asUser = (registry: TestRegistry, login: string) => ({
  ...smallEnvironment,
  DOCKER_CONFIG: dockerConfiguration({
    auths: { [registry.name]: { auth: base64(login) } },
  }),
});

/** Tells on standard error how many kilobytes of memory a command had at most. */
const measured = [
  "python3",
  "-c",
  `import resource, subprocess, sys
code = subprocess.run(sys.argv[1:]).returncode
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=sys.stderr)
sys.exit(code)`,
];

/** An image of two platforms, with an attestation beside them as buildx has it. */
async function manyPlatforms(): Promise<{ files: ImageFileSet; digest: string }> {
  const files: ImageFileSet = new Map();
  const manifests: unknown[] = [];
  for (const architecture of ["amd64", "arm64"]) {
    const image = await addImage(files, {
      layers: [{ "bin/tool": architecture }],
      platform: { architecture },
    });
    manifests.push({ ...image, platform: { os: "linux", architecture } });
  }
  const statement = json({ predicateType: "https://slsa.dev/provenance/v1" });
  const attestation = json({
    schemaVersion: 2,
    mediaType: "application/vnd.oci.image.manifest.v1+json",
    config: addBlob(files, "application/vnd.oci.image.config.v1+json", json({})),
    layers: [addBlob(files, "application/vnd.in-toto+json", statement)],
  });
  manifests.push({
    ...addBlob(files, "application/vnd.oci.image.manifest.v1+json", attestation),
    annotations: { "vnd.docker.reference.type": "attestation-manifest" },
    platform: { os: "unknown", architecture: "unknown" },
  });
  const index = json({
    schemaVersion: 2,
    mediaType: "application/vnd.oci.image.index.v1+json",
    annotations: { "com.example.kept": "as it is" },
    manifests,
  });
  const top = addBlob(files, "application/vnd.oci.image.index.v1+json", index);
  finishLayout(files, named(top, ["registry.example.com/tool:1"]));
  return { files, digest: top.digest };
}

const digestIn = (text: string) => /sha256:[0-9a-f]{64}/.exec(text)?.[0];

describeWhere(needs, "a registry", () => {
  let registry: TestRegistry;
  beforeAll(async () => {
    registry = await startRegistry();
  });

  it("gets an OCI layout, and gives the same bytes back", async () => {
    const directory = workspace();
    const files = await ociLayout(small);
    const layout = writeDirectory(files, join(directory, "layout"));
    const reference = `${registry.name}/pseven/tool:1`;
    const pushed = await sidecar(["image", "push", layout, reference]);
    expect(pushed).toMatchObject({ code: 0, stderr: "" });
    const index = JSON.parse(Buffer.from(files.get("index.json")!).toString());
    expect(digestIn(pushed.stdout)).toBe(index.manifests[0].digest);

    const output = join(directory, "back");
    const pulled = await sidecar([
      "image",
      "pull",
      reference,
      "-o",
      output,
      "--form=oci-layout",
    ]);
    expect(pulled).toMatchObject({ code: 0, stderr: "" });
    for (const [name, bytes] of files)
      if (name.startsWith("blobs/"))
        expect(readFileSync(join(output, name)).equals(Buffer.from(bytes))).toBe(true);
  });

  it("is sent nothing that it has, and nothing that a neighbour has", async () => {
    const layout = writeDirectory(await ociLayout(small), join(workspace(), "layout"));
    const push = async (from: string, to: string) =>
      JSON.parse((await sidecar(["image", "push", "--json", from, to])).stdout).blobs;
    const one = `${registry.name}/once/tool:1`;
    expect(await push(layout, one)).toEqual({ present: 0, mounted: 0, sent: 3 });
    expect(await push(layout, one)).toEqual({ present: 3, mounted: 0, sent: 0 });
    const other = `${registry.name}/approved/tool:1`;
    expect(await push(one, other)).toEqual({ present: 0, mounted: 3, sent: 0 });
  });

  it("keeps all platforms, and what belongs to them, under the same digest", async () => {
    const { files, digest } = await manyPlatforms();
    const directory = workspace();
    const layout = writeDirectory(files, join(directory, "layout"));
    const reference = `${registry.name}/many/tool:1`;
    const pushed = await sidecar(["image", "push", layout, reference]);
    expect(pushed.code, pushed.stderr).toBe(0);
    expect(digestIn(pushed.stdout)).toBe(digest);

    const output = join(directory, "many.tar");
    const pulled = await sidecar([
      "image",
      "pull",
      `${registry.name}/many/tool@${digest}`,
      "-o",
      output,
    ]);
    expect(pulled.stdout).toContain("oci-archive");
    expect(pulled.code, pulled.stderr).toBe(0);
    const back = workspace();
    await run(["tar", "-xf", output, "-C", back]);
    for (const [name, bytes] of files)
      if (name.startsWith("blobs/"))
        expect(readFileSync(join(back, name)).equals(Buffer.from(bytes)), name).toBe(
          true,
        );

    const again = `${registry.name}/again/tool:1`;
    expect(digestIn((await sidecar(["image", "push", output, again])).stdout)).toBe(
      digest,
    );
  });

  it.each([
    ["before Docker 25, without a manifest", dockerArchive],
    ["of Docker 25 and later", newDockerArchive],
  ])("gets archives of docker save, %s", async (_, make) => {
    const archive = await writeArchive(
      await make({ ...small, names: ["tool:1"] }),
      join(workspace(), "image.tar"),
    );
    const reference = `${registry.name}/saved/tool:1`;
    const pushed = await sidecar(["image", "push", archive, reference]);
    expect(pushed.code, pushed.stderr).toBe(0);
    const inspected = await run(
      ["skopeo", "inspect", "--tls-verify=false", `docker://${reference}`],
      { environment: { ...smallEnvironment, HOME: workspace() } },
    );
    expect(inspected.code, inspected.stderr).toBe(0);
    const { Digest, Env, Layers } = JSON.parse(inspected.stdout);
    expect(Digest).toBe(digestIn(pushed.stdout));
    expect({ Env, layers: Layers.length }).toEqual({ Env: ["A=1"], layers: 2 });
  });

  it("has what skopeo put there, in Docker's own form too", async () => {
    const directory = workspace();
    const layout = writeDirectory(
      await ociLayout({ ...small, names: ["x:latest"] }),
      join(directory, "layout"),
    );
    const reference = `${registry.name}/skopeo/tool:1`;
    const copied = await run(
      [
        "skopeo",
        "copy",
        "--format=v2s2",
        "--dest-tls-verify=false",
        `oci:${layout}`,
        `docker://${reference}`,
      ],
      { environment: { ...smallEnvironment, HOME: workspace() } },
    );
    expect(copied.code, copied.stderr).toBe(0);
    const output = join(directory, "image.tar");
    const pulled = await sidecar(["image", "pull", reference, "-o", output]);
    expect(pulled.code, pulled.stderr).toBe(0);
    const read = await run(["skopeo", "inspect", `docker-archive:${output}`], {
      environment: { ...smallEnvironment, HOME: workspace() },
    });
    expect(read.code, read.stderr).toBe(0);
    expect(JSON.parse(read.stdout)).toMatchObject({
      Env: ["A=1"],
      Architecture: "amd64",
    });
  });

  it("gets and gives large layers whole, in little memory", async () => {
    const large = new Uint8Array(200 << 20);
    for (let at = 0; at < large.length; at += 65_536)
      crypto.getRandomValues(large.subarray(at, at + 65_536));
    const files = await ociLayout({ layers: [{ large }], compression: "none" });
    const layout = writeDirectory(files, join(workspace(), "layout"));
    const reference = `${registry.name}/large/tool:1`;
    const output = join(workspace(), "out");
    for (const words of [
      ["push", layout, reference],
      ["pull", reference, "-o", output, "--form=oci-layout"],
    ]) {
      const { code, stderr } = await run([...measured, executable, "image", ...words]);
      expect(code, stderr).toBe(0);
      expect(Number(stderr) * 1024).toBeLessThan(150e6);
    }
    for (const name of files.keys())
      if (name.startsWith("blobs/"))
        expect(sha256(readFileSync(join(output, name)))).toBe(name.split("/")[2]);
  });

  it("is told how far it has come, on a terminal only", async () => {
    const files = await ociLayout({ layers: [{ a: "1" }] });
    const layout = writeDirectory(files, join(workspace(), "layout"));
    const reference = `${registry.name}/told/tool:1`;
    const command = `${executable} image push ${layout} ${reference}`;
    const { stdout, code } = await run(["script", "-qec", command, "/dev/null"], {
      environment: { ...smallEnvironment, TERM: "xterm" },
    });
    expect(code).toBe(0);
    expect(stdout).toMatch(/pushing: [^\n]* of /);
    expect(stdout.trimEnd().split("\n").at(-1)).toMatch(/sent, \d were there\r?$/);
  });

  it.each([
    ["nothing/there:1", "registry-not-found", /no image 1$/m],
    ["nothing/there", "registry-not-found", /no image latest$/m],
  ])("says that it has no %s, and writes nothing", async (name, code, line) => {
    const output = join(workspace(), "out.tar");
    const pulled = await sidecar([
      "image",
      "pull",
      `${registry.name}/${name}`,
      "-o",
      output,
    ]);
    expect(pulled.code).toBe(125);
    expect(messageCodes(pulled.stderr)).toEqual([code]);
    expect(pulled.stderr).toMatch(line);
    expect(existsSync(output)).toBe(false);
  });

  it("is not asked to take an image whose bytes are not those of its digests", async () => {
    const files = await ociLayout(small);
    const layer = [...files.entries()].find(([, bytes]) => bytes[0] === 0x1f)!;
    const changed = Uint8Array.from(layer[1]);
    changed[20]! ^= 1;
    files.set(layer[0], changed);
    const layout = writeDirectory(files, join(workspace(), "layout"));
    const reference = `${registry.name}/changed/tool:1`;
    const pushed = await sidecar(["image", "push", layout, reference]);
    expect(pushed.code).toBe(125);
    expect(messageCodes(pushed.stderr)).toEqual(["image-digest-mismatch"]);
    const pulled = await sidecar(["image", "pull", reference, "-o", "x"]);
    expect(messageCodes(pulled.stderr)).toEqual(["registry-not-found"]);
  });

  it("is not asked for an image of another digest than was named", async () => {
    const layout = writeDirectory(await ociLayout(small), join(workspace(), "layout"));
    const reference = `${registry.name}/other/tool@sha256:${"0".repeat(64)}`;
    const pushed = await sidecar(["image", "push", layout, reference]);
    expect(messageCodes(pushed.stderr)).toEqual(["image-digest-mismatch"]);
  });

  it("gets the one of several images that has the name", async () => {
    const files: ImageFileSet = new Map();
    const first = await addImage(files, { layers: [{ a: "1" }] });
    const second = await addImage(files, { layers: [{ a: "2" }] });
    finishLayout(files, [
      ...named(first, [`${registry.name}/several/one:1`]),
      ...named(second, [`${registry.name}/several/two:1`]),
    ]);
    const layout = writeDirectory(files, join(workspace(), "layout"));
    const push = (name: string) =>
      sidecar(["image", "push", layout, `${registry.name}/several/${name}`]);
    expect(digestIn((await push("two:1")).stdout)).toBe(second.digest);
    const unclear = await push("three:1");
    expect(unclear.code).toBe(125);
    expect(messageCodes(unclear.stderr)).toEqual(["image-names-ambiguous"]);
  });

  it("is a source for other commands", async () => {
    const layout = writeDirectory(
      await ociLayout({
        layers: [{ a: "1" }],
        config: {
          Env: [
            "DA__P7__RUNENV__COBOL__VERSION=42",
            "DA__P7__RUNENV__COBOL__EXECUTE=cobc",
          ],
        },
      }),
      join(workspace(), "layout"),
    );
    const reference = `${registry.name}/named/tool:1`;
    await sidecar(["image", "push", layout, reference]);
    const names = await sidecar(["image", "names", reference]);
    expect(names).toMatchObject({ code: 0, stdout: "pseven-calc-cobol-42:latest\n" });
  });
});

describeWhere(needs, "who somebody is", () => {
  const layoutOf = async () =>
    writeDirectory(await ociLayout(small), join(workspace(), "layout"));

  describe("by a password", () => {
    let registry: TestRegistry;
    beforeAll(async () => {
      registry = await startRegistry({ users: { me: "pass:word" } });
    });

    it.each([
      [
        "auth",
        (name: string) => ({ auths: { [name]: { auth: base64("me:pass:word") } } }),
      ],
      [
        "auth, with NUL behind it",
        (name: string) => ({
          auths: { [name]: { auth: base64("me:pass:word\0\0") } },
        }),
      ],
      [
        "an address for a key",
        (name: string) => ({
          auths: { [`https://${name}/v1/`]: { auth: base64("me:pass:word") } },
        }),
      ],
      [
        "name and password",
        (name: string) => ({
          auths: { [name]: { username: "me", password: "pass:word" } },
        }),
      ],
    ])("is taken from Docker's configuration: %s", async (_, content) => {
      const environment = {
        ...smallEnvironment,
        DOCKER_CONFIG: dockerConfiguration(content(registry.name)),
      };
      const words = ["image", "push", await layoutOf(), `${registry.name}/a/b:1`];
      expect(await sidecar(words, { environment })).toMatchObject({
        code: 0,
        stderr: "",
      });
    });

    it("is taken from HOME, where DOCKER_CONFIG names nothing", async () => {
      const home = workspace();
      mkdirSync(join(home, ".docker"));
      writeFileSync(
        join(home, ".docker/config.json"),
        JSON.stringify({
          auths: { [registry.name]: { auth: base64("me:pass:word") } },
        }),
      );
      const words = ["image", "push", await layoutOf(), `${registry.name}/home/b:1`];
      const environment = { ...smallEnvironment, HOME: home };
      expect((await sidecar(words, { environment })).code).toBe(0);
    });

    it.each([
      ["nobody", {}],
      [
        "nobody of this registry",
        { auths: { "other.example.com": { auth: base64("me:pass:word") } } },
      ],
      ["somebody else", { auths: "me:wrong" }],
    ])("is refused to %s, with what to do", async (_, content) => {
      const auths = (content as { auths?: unknown }).auths;
      const environment =
        typeof auths === "string"
          ? asUser(registry, auths)
          : { ...smallEnvironment, DOCKER_CONFIG: dockerConfiguration(content) };
      const words = ["image", "pull", `${registry.name}/a/b:1`, "-o", "out.tar"];
      const { code, stderr } = await sidecar(words, { environment });
      expect(code).toBe(125);
      expect(messageCodes(stderr)).toEqual(["registry-refused"]);
      expect(stderr).toContain(`docker login ${registry.name}`);
      expect(stderr).not.toContain("wrong");
    });

    it.each([
      ["no JSON", "{"],
      ["another form", '{"auths": []}'],
      ["an auth that is none", '{"auths": {"NAME": {"auth": "bm90aGluZw=="}}}'],
    ])("is not guessed from a configuration that is %s", async (_, text) => {
      const directory = workspace();
      writeFileSync(
        join(directory, "config.json"),
        text.replace("NAME", registry.name),
      );
      const environment = { ...smallEnvironment, DOCKER_CONFIG: directory };
      const words = ["image", "pull", `${registry.name}/a/b:1`, "-o", "out.tar"];
      const { code, stderr } = await sidecar(words, { environment });
      expect(code).toBe(125);
      expect(messageCodes(stderr)).toEqual(["registry-credentials-invalid"]);
      expect(stderr).toContain(join(directory, "config.json"));
    });

    const helper = (script: string, settings: (name: string) => unknown) => {
      const programs = workspace();
      const path = join(programs, "docker-credential-tests");
      writeFileSync(path, `#!/bin/sh\n${script}\n`);
      chmodSync(path, 0o755);
      return {
        PATH: `${programs}:${smallEnvironment.PATH}`,
        DOCKER_CONFIG: dockerConfiguration(settings(registry.name)),
        SECRET_OF_TESTS: "pass:word",
      };
    };
    const answer =
      'read name; test "$1" = get || exit 9\n' +
      'printf \'{"ServerURL":"%s","Username":"me","Secret":"%s"}\' "$name" "$SECRET_OF_TESTS"';

    it.each([
      [
        "of this registry",
        (name: string) => ({ credHelpers: { [name]: "tests" }, credsStore: "none" }),
      ],
      ["of all", () => ({ credsStore: "tests" })],
    ])("is asked of the helper %s", async (_, settings) => {
      const words = ["image", "push", await layoutOf(), `${registry.name}/helped/b:1`];
      const { code, stderr } = await sidecar(words, {
        environment: helper(answer, settings),
      });
      expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    });

    it("is nobody where the helper knows nobody", async () => {
      const script = 'echo "credentials not found in native keychain"; exit 1';
      const environment = helper(script, () => ({ credsStore: "tests" }));
      const words = ["image", "pull", `${registry.name}/a/b:1`, "-o", "out.tar"];
      const { stderr } = await sidecar(words, { environment });
      expect(messageCodes(stderr)).toEqual(["registry-refused"]);
    });

    it.each([
      ["fails", "echo 'the keychain is locked'; exit 1", "tests", /keychain is locked/],
      ["answers nonsense", "echo '{}'", "tests", /no credentials/],
      ["is missing", "", "no-such", /docker-credential-no-such, .* is not in PATH/],
      ["is a path", "", "../evil", /is not in PATH/],
    ])("is an error where the helper %s", async (_, script, name, line) => {
      const environment = helper(script, () => ({ credsStore: name }));
      const words = ["image", "pull", `${registry.name}/a/b:1`, "-o", "out.tar"];
      const { code, stderr } = await sidecar(words, { environment });
      expect(code).toBe(125);
      expect(messageCodes(stderr)).toEqual(["registry-credentials-invalid"]);
      expect(stderr).toMatch(line);
    });
  });

  describe("by a token", () => {
    it("is asked for as little as is needed, and counts", async () => {
      const tokens = startTokenServer({ users: { me: "secret" } });
      const registry = await startRegistry({ tokens });
      const reference = `${registry.name}/team/tool:1`;
      const environment = asUser(registry, "me:secret");
      const pushed = await sidecar(["image", "push", await layoutOf(), reference], {
        environment,
      });
      expect(pushed).toMatchObject({ code: 0, stderr: "" });
      const scopes = (from: number) =>
        tokens.requests.slice(from).flatMap((one) => one.scopes);
      expect(new Set(scopes(0))).toEqual(new Set(["repository:team/tool:pull,push"]));

      const before = tokens.requests.length;
      const pulled = await sidecar(["image", "pull", reference, "-o", "out.tar"]);
      expect(pulled).toMatchObject({ code: 0, stderr: "" });
      expect(scopes(before)).toEqual(["repository:team/tool:pull"]);
      expect(tokens.requests.at(-1)!.authorization).toBe(null);

      const nobody = await sidecar([
        "image",
        "push",
        await layoutOf(),
        `${registry.name}/team/x:1`,
      ]);
      expect(nobody.code).toBe(125);
      expect(messageCodes(nobody.stderr)).toEqual(["registry-refused"]);

      const mounted = await sidecar(
        ["image", "push", "--json", reference, `${registry.name}/approved/tool:1`],
        { environment },
      );
      expect(JSON.parse(mounted.stdout).blobs).toEqual({
        present: 0,
        mounted: 3,
        sent: 0,
      });
    });

    it("is another one where the first has expired", async () => {
      const tokens = startTokenServer({ users: { me: "secret" }, lifetime: -500 });
      const registry = await startRegistry({ tokens });
      const environment = asUser(registry, "me:secret");
      const words = ["image", "push", await layoutOf(), `${registry.name}/team/tool:1`];
      const { stderr, code } = await sidecar(words, { environment });
      // Each is expired when it comes: it is asked for once more, and not for ever.
      expect(code).toBe(125);
      expect(messageCodes(stderr)).toEqual(["registry-refused"]);
      expect(tokens.requests).toHaveLength(2);
    });

    it("is had for a refresh token", async () => {
      const tokens = startTokenServer({ refreshToken: "refresh-me" });
      const registry = await startRegistry({ tokens });
      const environment = {
        ...smallEnvironment,
        DOCKER_CONFIG: dockerConfiguration({
          auths: { [registry.name]: { auth: "", identitytoken: "refresh-me" } },
        }),
      };
      const words = ["image", "push", await layoutOf(), `${registry.name}/team/tool:1`];
      expect(await sidecar(words, { environment })).toMatchObject({
        code: 0,
        stderr: "",
      });
      expect(tokens.requests[0]).toMatchObject({
        method: "POST",
        authorization: null,
        form: { grant_type: "refresh_token", service: tokens.service },
      });
    });
  });
});

describeWhere(needs, "TLS", () => {
  it("is spoken with a registry of one's own authority, where that is named", async () => {
    const tls = makeCertificate();
    const registry = await startRegistry({ tls });
    const directory = workspace();
    const layout = writeDirectory(await ociLayout(small), join(directory, "layout"));
    const authority = join(directory, "authority.pem");
    writeFileSync(authority, tls.certificate);
    const reference = `localhost:${registry.port}/a/b:1`;
    const words = ["image", "push", layout, reference];
    const environment = { ...smallEnvironment, NODE_TLS_REJECT_UNAUTHORIZED: "0" };
    const unknown = await sidecar(words, { environment });
    expect(unknown.code).toBe(125);
    expect(messageCodes(unknown.stderr)).toEqual(["registry-certificate"]);
    expect(unknown.stderr).toContain("--authority");
    const known = await sidecar([...words, `--authority=${authority}`]);
    expect(known).toMatchObject({ code: 0, stderr: "" });
    writeFileSync(authority, "nothing");
    const none = await sidecar([...words, `--authority=${authority}`]);
    expect(messageCodes(none.stderr)).toEqual(["option-value-invalid"]);
  });

  it("is spoken when an image is approved, and with nobody less", async () => {
    const tls = makeCertificate();
    const registry = await startRegistry({ tls });
    const directory = workspace();
    writeFileSync(join(directory, "authority.pem"), tls.certificate);
    const layout = writeDirectory(await ociLayout(small), join(directory, "layout"));
    const reference = `localhost:${registry.port}/a/b:1`;
    const authority = `--authority=${join(directory, "authority.pem")}`;
    await sidecar(["image", "push", layout, reference, authority]);
    const approve = (more: object) => {
      const entry = { host: "localhost", port: registry.port, ...more };
      const policy = { schema: "sidecar-approval-policy-1", registries: [entry] };
      writeFileSync(join(directory, "policy.json"), JSON.stringify(policy));
      return sidecar(["image", "approve", reference, "--policy=policy.json"], {
        directory,
      });
    };
    expect((await approve({ authority: "authority.pem" })).code).toBe(0);
    const unknown = await approve({});
    expect(unknown.code).toBe(125);
    expect(messageCodes(unknown.stderr)).toEqual(["registry-certificate"]);
    const { stderr } = await sidecar(["image", "approve", reference, "--insecure"]);
    expect(messageCodes(stderr)).toEqual(["option-unknown"]);
  });

  it("is spoken where tokens are to be had, if the registry speaks it", async () => {
    const way = await startFaultyWay();
    const { certificate, key } = makeCertificate();
    const challenge = `Bearer realm="${way.origin}/token"`;
    const server = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      tls: { cert: certificate, key },
      fetch: () =>
        new Response("", { status: 401, headers: { "www-authenticate": challenge } }),
    });
    try {
      const authority = join(workspace(), "authority.pem");
      writeFileSync(authority, certificate);
      const reference = `localhost:${server.port}/a/b:1`;
      const words = ["image", "pull", reference, "-o", "x", `--authority=${authority}`];
      const { code, stderr } = await sidecar(words);
      expect(code).toBe(125);
      expect(messageCodes(stderr)).toEqual(["registry-answer-invalid"]);
      expect(way.asked).toEqual([]);
    } finally {
      await server.stop(true);
    }
  });
});
