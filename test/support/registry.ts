/** Real registries for tests: Debian's docker-registry, on this machine only. */
import { sign } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";

export const hasRegistry = Bun.which("docker-registry") !== null;

export type TestRegistry = {
  /** `127.0.0.1:PORT`. */
  readonly name: string;
  readonly port: number;
  /** Where it keeps what it has. */
  readonly storage: string;
  readonly stop: () => Promise<void>;
};

export type RegistryOptions = {
  /** Who may, by a password; nobody else may do anything. */
  readonly users?: Readonly<Record<string, string>>;
  /** Tokens of this server count. */
  readonly tokens?: TokenServer;
  /** A key and a certificate, PEM. */
  readonly tls?: Certificate;
};

const started: (() => Promise<void>)[] = [];
afterAll(async () => {
  for (const stop of started.splice(0)) await stop();
});

export async function startRegistry(
  options: RegistryOptions = {},
): Promise<TestRegistry> {
  const place = mkdtempSync(join(tmpdir(), "sidecar-registry-"));
  const port = await freePort();
  const storage = join(place, "storage");
  writeFileSync(
    join(place, "config.json"),
    JSON.stringify({
      version: "0.1",
      log: { level: "error", accesslog: { disabled: true } },
      storage: { filesystem: { rootdirectory: storage }, delete: { enabled: true } },
      http: { addr: `127.0.0.1:${port}`, ...tlsOf(options, place) },
      ...authOf(options, place),
    }),
  );
  const child = Bun.spawn(["docker-registry", "serve", join(place, "config.json")], {
    stdin: "ignore",
    stdout: Bun.file(join(place, "out")),
    stderr: Bun.file(join(place, "error")),
  });
  const stop = async () => {
    child.kill("SIGKILL");
    await child.exited;
    rmSync(place, { recursive: true, force: true });
  };
  started.push(stop);
  const protocol = options.tls ? "https" : "http";
  for (let tries = 0; child.exitCode === null && tries < 1000; tries += 1) {
    try {
      const answer = await fetch(`${protocol}://127.0.0.1:${port}/v2/`, {
        tls: { rejectUnauthorized: false },
      });
      if ([200, 401].includes(answer.status))
        return { name: `127.0.0.1:${port}`, port, storage, stop };
    } catch {
      // It is not there yet.
    }
    await Bun.sleep(20);
  }
  throw new Error(readFileSync(join(place, "error"), "utf8"));
}

function tlsOf({ tls }: RegistryOptions, place: string) {
  if (!tls) return {};
  writeFileSync(join(place, "certificate.pem"), tls.certificate);
  writeFileSync(join(place, "key.pem"), tls.key);
  return {
    tls: {
      certificate: join(place, "certificate.pem"),
      key: join(place, "key.pem"),
    },
  };
}

function authOf({ users, tokens }: RegistryOptions, place: string) {
  if (users) {
    const lines = Object.entries(users).map(
      ([user, password]) =>
        `${user}:${Bun.password.hashSync(password, { algorithm: "bcrypt", cost: 4 })}\n`,
    );
    writeFileSync(join(place, "users"), lines.join(""));
    return { auth: { htpasswd: { realm: "tests", path: join(place, "users") } } };
  }
  if (!tokens) return {};
  writeFileSync(join(place, "tokens.pem"), tokens.certificate);
  return {
    auth: {
      token: {
        realm: tokens.realm,
        service: tokens.service,
        issuer: tokens.issuer,
        rootcertbundle: join(place, "tokens.pem"),
      },
    },
  };
}

export function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer();
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

export type Certificate = { readonly certificate: string; readonly key: string };

/** For the names that tests use for this machine; it is its own authority. */
export function makeCertificate(): Certificate {
  const place = mkdtempSync(join(tmpdir(), "sidecar-certificate-"));
  try {
    const algorithm = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"];
    const { exitCode, stderr } = Bun.spawnSync(
      [
        ["openssl", "req", "-x509", "-nodes", ...algorithm],
        ["-days", "2", "-subj", "/CN=localhost"],
        ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"],
        ["-keyout", "key.pem", "-out", "certificate.pem"],
      ].flat(),
      { cwd: place },
    );
    if (exitCode !== 0) throw new Error(stderr.toString());
    return {
      certificate: readFileSync(join(place, "certificate.pem"), "utf8"),
      key: readFileSync(join(place, "key.pem"), "utf8"),
    };
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}

export type TokenRequest = {
  readonly method: string;
  readonly authorization: string | null;
  readonly scopes: readonly string[];
  readonly form: Readonly<Record<string, string>>;
};

export type TokenServer = {
  readonly realm: string;
  readonly service: string;
  readonly issuer: string;
  readonly certificate: string;
  /** All that it was asked. */
  readonly requests: readonly TokenRequest[];
};

export type TokenRules = {
  /** Users with their passwords; others may pull only. */
  readonly users?: Readonly<Record<string, string>>;
  readonly refreshToken?: string;
  /** Seconds. */
  readonly lifetime?: number;
};

/**
 * Gives tokens as the specification has it (distribution, docs/spec/auth/token.md);
 * what it grants, the registry checks.
 */
export function startTokenServer(rules: TokenRules = {}): TokenServer {
  const { certificate, key } = makeCertificate();
  const requests: TokenRequest[] = [];
  const issuer = "tests";
  const service = "registry of tests";
  const chain = [certificate.replace(/-----[^-]+-----|\s/g, "")];
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    async fetch(request) {
      const url = new URL(request.url);
      const isForm = request.method === "POST";
      const form = isForm
        ? Object.fromEntries(new URLSearchParams(await request.text()))
        : {};
      const scopes = isForm
        ? (form["scope"] ?? "").split(" ")
        : url.searchParams.getAll("scope");
      const authorization = request.headers.get("authorization");
      requests.push({ method: request.method, authorization, scopes, form });
      const known = isKnown(authorization, form, rules);
      if (known === false) return new Response("who are you?", { status: 401 });
      const access = scopes.filter(Boolean).map((scope) => {
        const [type, name, actions = ""] = scope.split(":");
        const granted = actions.split(",").filter((one) => known || one === "pull");
        return { type, name, actions: granted };
      });
      const now = Math.floor(Date.now() / 1000);
      const lifetime = rules.lifetime ?? 300;
      const token = signToken(
        {
          iss: issuer,
          sub: "",
          aud: service,
          exp: now + lifetime,
          // Whoever lets tokens expire at once does not wait for it.
          nbf: now - 1000,
          iat: now - 1000,
          jti: String(requests.length),
          access,
        },
        key,
        chain,
      );
      return Response.json({ token, expires_in: lifetime });
    },
  });
  started.push(async () => {
    await server.stop(true);
  });
  const realm = `http://127.0.0.1:${server.port}/token`;
  return { realm, service, issuer, certificate, requests };
}

/** @returns false for who says that he is somebody, and is not; undefined for anybody */
function isKnown(
  authorization: string | null,
  form: Readonly<Record<string, string>>,
  { users = {}, refreshToken }: TokenRules,
): boolean | undefined {
  if (form["refresh_token"] !== undefined)
    return form["refresh_token"] === refreshToken;
  if (authorization === null) return undefined;
  const [user = "", password] = Buffer.from(
    authorization.replace("Basic ", ""),
    "base64",
  )
    .toString()
    .split(":");
  return Object.hasOwn(users, user) && users[user] === password;
}

function signToken(claims: unknown, key: string, chain: readonly string[]): string {
  const part = (value: unknown) =>
    Buffer.from(JSON.stringify(value)).toString("base64url");
  const text = `${part({ typ: "JWT", alg: "ES256", x5c: chain })}.${part(claims)}`;
  const signature = sign("sha256", Buffer.from(text), {
    key,
    dsaEncoding: "ieee-p1363",
  });
  return `${text}.${signature.toString("base64url")}`;
}
