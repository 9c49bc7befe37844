/** What goes wrong on the way to a registry, and what liars cannot do. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { Failure } from "../src/contract/failure.ts";
import { ask, resolveLocation } from "../src/image/registry/transport.ts";
import {
  type Asked,
  type Fault,
  type FaultyWay,
  startFaultyWay,
} from "./support/faulty.ts";
import {
  type ImageFileSet,
  ociLayout,
  sha256,
  writeDirectory,
} from "./support/images.ts";
import { describeWhere } from "./support/machine.ts";
import {
  hasRegistry,
  makeCertificate,
  startRegistry,
  type TestRegistry,
} from "./support/registry.ts";
import {
  messageCodes,
  sidecar,
  smallEnvironment,
  workspace,
} from "./support/sidecar.ts";

const needs = { "docker-registry": hasRegistry };

/** Bytes that no compression makes less of. */
function noise(length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at += 65_536)
    crypto.getRandomValues(bytes.subarray(at, Math.min(length, at + 65_536)));
  return bytes;
}

const isBlob = ({ method, path }: Asked) =>
  method === "GET" && path.includes("/blobs/sha256");
const isManifest = ({ method, path }: Asked) =>
  method === "GET" && path.includes("/manifests/");

/** A fault for the first `count` requests that it is about. */
function first(count: number, about: (asked: Asked) => boolean, fault: Fault): Fault {
  let left = count;
  return (asked, exchange) => {
    if (!about(asked) || left === 0) return "on";
    left -= 1;
    return fault(asked, exchange);
  };
}

const answer =
  (status: number, headers: Record<string, string> = {}, body = ""): Fault =>
  (_, { response }) => {
    response.writeHead(status, headers);
    response.end(body);
    return undefined;
  };
const silence: Fault = () => undefined;

describeWhere(needs, "a registry on a bad line", () => {
  let registry: TestRegistry;
  let way: FaultyWay;
  let files: ImageFileSet;
  let reference: string;
  let largest: string;

  beforeAll(async () => {
    registry = await startRegistry();
    way = await startFaultyWay(registry.name);
    files = await ociLayout({ layers: [{ noise: noise(300_000) }, { b: "2" }] });
    largest = [...files]
      .toSorted((a, b) => b[1].length - a[1].length)[0]![0]
      .split("/")[2]!;
    reference = `${way.name}/team/tool:1`;
    const layout = writeDirectory(files, join(workspace(), "layout"));
    const pushed = await sidecar(["image", "push", layout, reference]);
    expect(pushed.code, pushed.stderr).toBe(0);
  });

  const isLargest = (asked: Asked) => isBlob(asked) && asked.path.endsWith(largest);

  async function pull(fault: Fault, ...words: string[]) {
    way.fault = fault;
    const from = way.asked.length;
    const directory = workspace();
    const output = join(directory, "out");
    const result = await sidecar(
      ["image", "pull", reference, "-o", output, "--form=oci-layout", ...words],
      { directory },
    );
    way.fault = () => "on";
    return { ...result, directory, output, asked: way.asked.slice(from) };
  }

  function expectWhole(output: string): void {
    for (const name of files.keys())
      if (name.startsWith("blobs/"))
        expect(sha256(readFileSync(join(output, name)))).toBe(name.split("/")[2]);
  }

  const expectRefused = (
    {
      code,
      stderr,
      directory,
    }: { code: number | null; stderr: string; directory: string },
    expected: string,
  ) => {
    expect(messageCodes(stderr)).toEqual([expected]);
    expect(code).toBe(125);
    expect(readdirSync(directory)).toEqual([]);
  };

  /** The beginning of the largest blob comes, and then nothing. */
  const stall: Fault = (_, { response }) => {
    const bytes = Buffer.from(files.get(`blobs/sha256/${largest}`)!);
    response.writeHead(200, { "content-length": String(bytes.length) });
    response.write(bytes.subarray(0, 100_000));
    return undefined;
  };

  it("a blob that stops coming goes on where it ended", async () => {
    const { code, stderr, output, asked } = await pull(
      first(1, isLargest, stall),
      "--timeout=5s",
    );
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expectWhole(output);
    const ranges = asked.filter(isLargest).map(({ headers }) => headers["range"]);
    expect(ranges).toEqual([undefined, "bytes=100000-"]);
  });

  it("a blob goes on too where the registry gives only whole ones", async () => {
    let times = 0;
    const { code, stderr, output } = await pull((asked, exchange) => {
      if (!isLargest(asked)) return "on";
      times += 1;
      if (times === 1) return stall(asked, exchange);
      exchange.pass({ without: ["range"] });
      return undefined;
    }, "--timeout=5s");
    expect({ code, stderr, times }).toEqual({ code: 0, stderr: "", times: 2 });
    expectWhole(output);
  });

  it("a blob of which another part comes is not believed", async () => {
    const result = await pull((asked, exchange) => {
      if (!isLargest(asked)) return "on";
      if (asked.headers["range"] === undefined) return stall(asked, exchange);
      exchange.pass({ headers: { "content-range": "bytes 200000-300000/300000" } });
      return undefined;
    }, "--timeout=5s");
    expectRefused(result, "registry-answer-invalid");
  });

  it("a blob that is cut off again and again comes whole", async () => {
    // How much of it arrives before the connection is gone is a matter of luck.
    const cut = first(3, isLargest, (_, { pass }) => {
      pass({ cutAfter: 50_000 });
      return undefined;
    });
    const { code, stderr, output, asked } = await pull(cut);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expectWhole(output);
    expect(asked.filter(isLargest)).toHaveLength(4);
  });

  it.each([
    ["is out of order for a moment", answer(503)],
    ["has too much to do", answer(429, { "retry-after": "1" })],
    [
      "cuts the connection",
      (_: Asked, { response }: Parameters<Fault>[1]) => {
        response.destroy();
        return undefined;
      },
    ],
  ] as [string, Fault][])("a registry that %s is asked again", async (_, fault) => {
    for (const about of [() => true, isManifest, isBlob]) {
      const { code, stderr, output } = await pull(first(2, about, fault));
      expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
      expectWhole(output);
    }
  });

  it("a registry that wants to be left alone for an hour is", async () => {
    const result = await pull(answer(503, { "retry-after": "3600" }));
    expectRefused(result, "registry-unreachable");
    expect(result.stderr).toContain("it answered 503");
    expect(result.asked.length).toBeLessThan(3);
  });

  it("a registry that is silent is given up in the end", async () => {
    const result = await pull(first(1000, isBlob, silence), "--timeout=100ms");
    expectRefused(result, "registry-unreachable");
    expect(result.stderr).toContain("silent for 0.1 s");
  });

  it.each<[string, string, Fault]>([
    [
      "another manifest under a digest",
      "registry-answer-invalid",
      (asked, { pass }) => {
        if (!isManifest(asked)) return "on";
        pass({ headers: { "docker-content-digest": `sha256:${"0".repeat(64)}` } });
        return undefined;
      },
    ],
    [
      "a manifest without an end",
      "registry-answer-invalid",
      (asked, { pass }) => {
        if (!isManifest(asked)) return "on";
        pass({ changed: () => Buffer.alloc(5 << 20, " ") });
        return undefined;
      },
    ],
    [
      "a manifest of another type",
      "registry-answer-invalid",
      (asked, { pass }) => {
        if (!isManifest(asked)) return "on";
        pass({
          headers: { "content-type": "application/vnd.oci.image.index.v1+json" },
        });
        return undefined;
      },
    ],
    [
      "no manifest at all",
      "image-media-type",
      (asked, { pass }) => {
        if (!isManifest(asked)) return "on";
        pass({
          changed: () => Buffer.from("<html>"),
          headers: { "docker-content-digest": undefined, "content-type": "text/html" },
        });
        return undefined;
      },
    ],
    [
      "Docker's first form of manifests",
      "image-media-type",
      (asked, { response }) => {
        if (!isManifest(asked)) return "on";
        response.writeHead(200, {
          "content-type": "application/vnd.docker.distribution.manifest.v1+prettyjws",
        });
        response.end('{"schemaVersion": 1}');
        return undefined;
      },
    ],
    [
      "other bytes of a blob",
      "image-digest-mismatch",
      (asked, { pass }) => {
        if (!isLargest(asked)) return "on";
        pass({
          changed: (body) => {
            body[5000]! ^= 1;
            return body;
          },
        });
        return undefined;
      },
    ],
    [
      "more bytes of a blob",
      "registry-answer-invalid",
      (asked, { pass }) => {
        if (!isLargest(asked)) return "on";
        pass({ changed: (body) => Buffer.concat([body, Buffer.from("more")]) });
        return undefined;
      },
    ],
    [
      "redirections without an end",
      "registry-answer-invalid",
      (asked, { response }) => {
        if (!isBlob(asked)) return "on";
        response.writeHead(307, { location: asked.path });
        response.end();
        return undefined;
      },
    ],
    [
      "a redirection to no address",
      "registry-answer-invalid",
      (asked, { response }) => {
        if (!isBlob(asked)) return "on";
        response.writeHead(307, { location: "file:///etc/passwd" });
        response.end();
        return undefined;
      },
    ],
    [
      "a way without TLS to another host",
      "registry-insecure",
      (asked, { response }) => {
        if (!isBlob(asked)) return "on";
        response.writeHead(307, { location: "http://192.0.2.1/blob" });
        response.end();
        return undefined;
      },
    ],
    ["what no registry answers", "registry-answer-invalid", answer(404, {}, "<html>")],
    [
      "a challenge of an unknown kind",
      "registry-answer-invalid",
      answer(401, { "www-authenticate": "Negotiate" }),
    ],
    [
      "tokens at no address",
      "registry-answer-invalid",
      answer(401, { "www-authenticate": 'Bearer realm="nowhere"' }),
    ],
    [
      "tokens without TLS at another host",
      "registry-insecure",
      answer(401, { "www-authenticate": 'Bearer realm="http://192.0.2.1/token"' }),
    ],
    [
      "that it is forbidden",
      "registry-refused",
      (asked, { response }) => {
        if (!isManifest(asked)) return "on";
        response.writeHead(403, { "content-type": "application/json" });
        response.end('{"errors":[{"code":"DENIED","message":"\\u001b[31mno"}]}');
        return undefined;
      },
    ],
  ])("a registry that sends %s is not believed", async (_, code, fault) => {
    const result = await pull(fault);
    expectRefused(result, code);
    expect(result.stderr).not.toContain("\x1b");
    expect(result.stderr.trimEnd().split("\n")).toHaveLength(2);
  });

  it("a blob that is shorter than it is said to be is given up in the end", async () => {
    const result = await pull((asked, { response }) => {
      if (!isLargest(asked)) return "on";
      const range = /\d+/.exec(String(asked.headers["range"] ?? ""))?.[0];
      response.writeHead(
        range ? 206 : 200,
        range ? { "content-range": `bytes ${range}-` } : {},
      );
      response.end(range ? "" : "short");
      return undefined;
    });
    expectRefused(result, "registry-unreachable");
  });

  describe("gets an image", () => {
    const isUpload = (method: string) => (asked: Asked) =>
      asked.method === method && asked.path.includes("/blobs/uploads/");
    let large: ImageFileSet;
    let layout: string;
    beforeAll(async () => {
      large = await ociLayout({
        layers: [{ noise: noise(20 << 20) }],
        compression: "none",
      });
    });

    let number = 0;
    async function push(fault: Fault) {
      number += 1;
      layout = writeDirectory(large, join(workspace(), "layout"));
      const target = `${way.name}/pushed-${number}/tool:1`;
      way.fault = fault;
      const result = await sidecar(["image", "push", layout, target]);
      way.fault = () => "on";
      return { ...result, target };
    }

    async function expectThere(target: string) {
      const output = join(workspace(), "out");
      await sidecar(["image", "pull", target, "-o", output, "--form=oci-layout"]);
      for (const name of large.keys())
        if (name.startsWith("blobs/"))
          expect(sha256(readFileSync(join(output, name)))).toBe(name.split("/")[2]);
    }

    const cutAnswer: Fault = (_, { pass }) => {
      pass({ cutAfter: 0 });
      return undefined;
    };

    it.each<[string, Fault]>([
      [
        "a chunk arrives in part",
        first(1, isUpload("PATCH"), (_, { pass }) => {
          pass({ sendOnly: 1_000_000 });
          return undefined;
        }),
      ],
      [
        "the second chunk arrives in part",
        (() => {
          let chunks = 0;
          return ((asked, { pass }) => {
            if (!isUpload("PATCH")(asked)) return "on";
            chunks += 1;
            if (chunks !== 2) return "on";
            pass({ sendOnly: 1_000_000 });
            return undefined;
          }) as Fault;
        })(),
      ],
      ["nobody says that a chunk arrived", first(1, isUpload("PATCH"), cutAnswer)],
      ["a chunk is refused for the moment", first(2, isUpload("PATCH"), answer(503))],
      ["nobody says where to", first(1, isUpload("POST"), answer(500))],
      ["nobody says that it is complete", first(1, isUpload("PUT"), cutAnswer)],
      ["the end is refused for the moment", first(1, isUpload("PUT"), answer(502))],
      ["the registry forgets it", first(1, isUpload("PATCH"), answer(404))],
      [
        "nobody says that the tag is set",
        first(
          1,
          ({ method, path }) => method === "PUT" && path.includes("/manifests/"),
          cutAnswer,
        ),
      ],
      [
        "it is asked thrice what there is",
        first(2, ({ method }) => method === "HEAD", answer(504)),
      ],
    ])("though %s", async (_, fault) => {
      const { code, stderr, target } = await push(fault);
      expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
      await expectThere(target);
    });

    it("or not, and then there is nothing under its name", async () => {
      const { code, stderr, target } = await push((asked, exchange) =>
        isUpload("PATCH")(asked) ? answer(413)(asked, exchange) : "on",
      );
      expect(messageCodes(stderr)).toEqual(["registry-refused"]);
      expect(code).toBe(125);
      const pulled = await sidecar(["image", "pull", target, "-o", "out"]);
      expect(messageCodes(pulled.stderr)).toEqual(["registry-not-found"]);
    });
  });
});

describeWhere(needs, "credentials", () => {
  const login = (name: string, entry: unknown) => {
    const directory = workspace();
    writeFileSync(
      join(directory, "config.json"),
      JSON.stringify({ auths: { [name]: entry } }),
    );
    return { ...smallEnvironment, DOCKER_CONFIG: directory };
  };

  it("stay with the registry, where its blobs are elsewhere", async () => {
    const registry = await startRegistry({ users: { me: "secret" } });
    const way = await startFaultyWay(registry.name);
    const elsewhere = await startFaultyWay();
    const files = await ociLayout({ layers: [{ a: "1" }] });
    const layout = writeDirectory(files, join(workspace(), "layout"));
    const environment = login(way.name, {
      auth: Buffer.from("me:secret").toString("base64"),
    });
    const reference = `${way.name}/team/tool:1`;
    const pushed = await sidecar(["image", "push", layout, reference], { environment });
    expect(pushed.code, pushed.stderr).toBe(0);
    way.fault = (asked, { response }) => {
      if (!isBlob(asked)) return "on";
      response.writeHead(307, { location: elsewhere.origin + asked.path });
      response.end();
      return undefined;
    };
    elsewhere.fault = (asked, { response }) => {
      response.end(files.get(`blobs/sha256/${asked.path.split(":").at(-1)}`));
      return undefined;
    };
    const from = way.asked.length;
    const pulled = await sidecar(["image", "pull", reference, "-o", "out.tar"], {
      environment,
    });
    expect(pulled).toMatchObject({ code: 0, stderr: "" });
    const blobs = way.asked.slice(from).filter(isBlob);
    expect(blobs.length).toBeGreaterThan(0);
    for (const { headers } of blobs)
      expect(headers["authorization"]).toMatch(/^Basic /);
    expect(elsewhere.asked).toHaveLength(blobs.length);
    for (const { headers } of elsewhere.asked) {
      expect(headers["authorization"]).toBe(undefined);
      expect(JSON.stringify(headers)).not.toContain("secret");
    }
  });

  it("of which one is sent in a body do not follow a redirection either", async () => {
    const elsewhere = await startFaultyWay();
    const way = await startFaultyWay();
    way.fault = (asked, { response }) => {
      if (asked.method === "POST") {
        response.writeHead(307, { location: `${elsewhere.origin}/token` });
        response.end();
        return undefined;
      }
      const challenge = `Bearer realm="${way.origin}/token",service="x"`;
      response.writeHead(401, { "www-authenticate": challenge });
      response.end();
      return undefined;
    };
    const environment = login(way.name, { identitytoken: "refresh-me" });
    const words = ["image", "pull", `${way.name}/team/tool:1`, "-o", "out.tar"];
    const { code, stderr } = await sidecar(words, { environment });
    expect(messageCodes(stderr)).toEqual(["registry-answer-invalid"]);
    expect(code).toBe(125);
    expect(way.asked.some(({ method }) => method === "POST")).toBe(true);
    expect(elsewhere.asked).toEqual([]);
  });

  it("of which there is no end are no token", async () => {
    const way = await startFaultyWay();
    way.fault = (asked, { response }) => {
      if (asked.path.startsWith("/token")) response.end(Buffer.alloc(1 << 20, " "));
      else {
        const challenge = `Bearer realm="${way.origin}/token"`;
        response.writeHead(401, { "www-authenticate": challenge });
        response.end();
      }
      return undefined;
    };
    const words = ["image", "pull", `${way.name}/team/tool:1`, "-o", "out.tar"];
    const { stderr } = await sidecar(words);
    expect(messageCodes(stderr)).toEqual(["registry-answer-invalid"]);
  });
});

it("a registry that is not there is named, and a proxy that is not used", async () => {
  const words = ["image", "pull", "127.0.0.1:1/a/b:1", "-o", "out.tar"];
  const environment = { ...smallEnvironment, HTTPS_PROXY: "http://127.0.0.1:3128" };
  const directory = workspace();
  const { code, stderr } = await sidecar(words, { environment, directory });
  expect(code).toBe(125);
  expect(messageCodes(stderr)).toEqual(["registry-unreachable"]);
  expect(stderr).toContain("127.0.0.1:1 cannot be asked: the connection is refused");
  expect(stderr).toContain("proxy");
  expect(existsSync(join(directory, "out.tar"))).toBe(false);
});

it.each([
  "0177.0.0.1:5000/a",
  "127.1:5000/a",
  "2130706433.:5/a",
  "0x7f.1:5000/a",
  "[0:0:0:0:0:0:0:1]:5000/a",
])("%s is not taken for another host by whoever connects", async (reference) => {
  const { code, stderr } = await sidecar(["image", "pull", reference, "-o", "out.tar"]);
  expect(code).toBe(125);
  expect(messageCodes(stderr)).toEqual(["reference-invalid"]);
});

it("no variable of a proxy or of TLS counts, even where nobody hides them", async () => {
  const [proxy, registry] = await Promise.all([startFaultyWay(), startFaultyWay()]);
  for (const way of [proxy, registry]) way.fault = answer(200);
  const { certificate: cert, key } = makeCertificate();
  const secure = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    tls: { cert, key },
    fetch: () => new Response(""),
  });
  const variables = {
    HTTP_PROXY: proxy.origin,
    http_proxy: proxy.origin,
    NODE_TLS_REJECT_UNAUTHORIZED: "0",
  };
  const before = { ...process.env };
  Object.assign(process.env, variables);
  try {
    const transport = { patience: 60_000, delays: [], insecure: false, hasProxy: true };
    const get = (url: string) => ask({ method: "GET", url: new URL(url) }, transport);
    expect((await get(registry.origin)).status).toBe(200);
    expect(registry.asked).toHaveLength(1);
    expect(proxy.asked).toEqual([]);
    const refused = await get(`https://localhost:${secure.port}`).catch(
      (error) => error,
    );
    expect(refused).toMatchObject({ code: "registry-certificate" });
  } finally {
    for (const name of Object.keys(variables)) {
      delete process.env[name];
      if (before[name] !== undefined) process.env[name] = before[name];
    }
    await secure.stop(true);
  }
});

describe("where an answer leads", () => {
  const secure = new URL("https://r.example.com/v2/a/blobs/x");
  it.each([
    ["/v2/b", "https://r.example.com/v2/b"],
    ["https://cdn.example.com/b?c=d", "https://cdn.example.com/b?c=d"],
    ["//cdn.example.com/b", "https://cdn.example.com/b"],
  ])("%s is %s", (location, expected) => {
    expect(resolveLocation(secure, location).href).toBe(expected);
  });
  it.each([
    "http://r.example.com/b",
    "ftp://r.example.com/b",
    "https://me:secret@x/b",
    "https://",
    "data:x",
  ])("%s is refused", (location) => {
    expect(() => resolveLocation(secure, location)).toThrow(Failure);
  });
});
