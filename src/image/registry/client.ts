/**
 * A registry, asked by its interface (distribution-spec, spec.md): how it is reached,
 * and what it has under a name. Blobs are in download.ts and upload.ts.
 */
import type { Environment } from "../../contract/environment.ts";
import { Failure } from "../../contract/failure.ts";
import { type Repository, registryName } from "../../contract/image-reference.ts";
import { printable } from "../../system/text.ts";
import { documentLimit } from "../source/files.ts";
import { Authentication, type Scope } from "./authentication.ts";
import { findCredentials } from "./credentials.ts";
import {
  type Manifest,
  manifestFrom,
  manifestTypes,
  requireDigest,
} from "./manifest.ts";
import { patientDelays, persistently, Transient } from "./patience.ts";
import { refusal, wrong } from "./refusal.ts";
import {
  ask,
  isLoopback,
  type Outgoing,
  readSmall,
  type Transport,
} from "./transport.ts";

/** How registries are to be asked. */
export type Access = {
  readonly environment: Environment;
  /** HTTP without TLS is accepted, and not just with this machine. */
  readonly insecure: boolean;
  /** PEM; see {@link Transport}. */
  readonly certificates?: string;
  /** Milliseconds for which a registry may be silent. */
  readonly patience: number;
};

/** A request for a path below `/v2/`, or for where a registry has led. */
type Request = Omit<Outgoing, "url" | "authorization"> & { readonly to: string | URL };

/** Where Docker's own registry answers (moby, registry/config.go). */
const dockerHost = "registry-1.docker.io";

export class Registry {
  /** As it stands in a reference. */
  readonly name: string;
  readonly transport: Transport;
  readonly #address: string;
  readonly #authentication: Authentication;
  #base: Promise<URL> | undefined;

  constructor(repository: Repository, access: Access) {
    this.name = registryName(repository);
    this.transport = {
      patience: access.patience,
      delays: patientDelays,
      insecure: access.insecure,
      hasProxy: hasProxy(access.environment),
      ...(access.certificates ? { certificates: access.certificates } : {}),
    };
    this.#address = this.name === "docker.io" ? dockerHost : this.name;
    this.#authentication = new Authentication(this.name, this.transport, () =>
      findCredentials(this.name, access.environment),
    );
  }

  /** Asks until there is an answer that can be read. @throws Failure */
  persistently<Value>(action: () => Promise<Value>): Promise<Value> {
    return persistently(this.transport, this.name, action);
  }

  /**
   * Asks once. @returns an answer of any status that does not speak of this moment only
   * @throws Transient; Failure `registry-…`
   */
  async ask(request: Request, scopes: readonly Scope[]): Promise<Response> {
    const base = await this.#connected();
    const { to, ...rest } = request;
    const url = typeof to === "string" ? new URL(to, base) : to;
    for (let again = false; ; again = true) {
      // Where the registry sends us elsewhere, that is not to know who we are.
      const authorization =
        url.origin === base.origin
          ? await this.#authentication.authorization(scopes)
          : undefined;
      const answer = await ask(
        { ...rest, url, ...(authorization ? { authorization } : {}) },
        this.transport,
      );
      if (answer.status !== 401 || again || url.origin !== base.origin) return answer;
      if (authorization === undefined) this.#authentication.challengedBy(answer);
      else if (!this.#authentication.forget(scopes)) return answer;
      await answer.body?.cancel();
    }
  }

  /**
   * What the registry has under a tag or a digest; the digest is that of its bytes.
   * @returns nothing where it has none
   * @throws Failure `registry-…`, `image-media-type`
   */
  async manifest(
    path: readonly string[],
    name: string,
    limit = documentLimit,
  ): Promise<Manifest | undefined> {
    const repository = path.join("/");
    const what = `${this.name}/${repository}: ${name}`;
    return this.persistently(async () => {
      const answer = await this.ask(
        {
          method: "GET",
          to: `${repository}/manifests/${name}`,
          headers: { accept: manifestTypes },
        },
        [{ repository, actions: "pull" }],
      );
      if (answer.status === 404) {
        await answer.body?.cancel();
        return undefined;
      }
      if (answer.status !== 200) throw await refusal(answer, what, this);
      const bytes = await readSmall(answer, limit, "a manifest", this.transport);
      return manifestFrom(bytes, answer, name, what);
    });
  }

  /** @param name a tag, or the manifest's digest @throws Failure `registry-…` */
  async putManifest(
    path: readonly string[],
    name: string,
    manifest: Manifest,
  ): Promise<void> {
    const repository = path.join("/");
    const what = `${this.name}/${repository}: ${name}`;
    await this.persistently(async () => {
      const answer = await this.ask(
        {
          method: "PUT",
          to: `${repository}/manifests/${name}`,
          headers: { "content-type": manifest.mediaType },
          body: manifest.bytes,
        },
        [{ repository, actions: "pull,push" }],
      );
      if (answer.status !== 201) throw await refusal(answer, what, this);
      await answer.body?.cancel();
      requireDigest(answer, manifest.digest, what);
    });
  }

  #connected(): Promise<URL> {
    this.#base ??= this.#connect();
    return this.#base;
  }

  /** Finds out which protocol it speaks, and whether it wants to know who asks. */
  async #connect(): Promise<URL> {
    const mayBePlain =
      this.transport.insecure || isLoopback(this.#address.replace(/:\d+$/, ""));
    const bases = (mayBePlain ? ["https", "http"] : ["https"]).map((protocol) =>
      addressOf(protocol, this.#address),
    );
    return this.persistently(async () => {
      let problem = new Transient("it does not answer");
      for (const base of bases)
        try {
          const answer = await ask({ method: "GET", url: base }, this.transport);
          if (answer.status !== 200 && answer.status !== 401)
            throw wrong(`${this.name} is no registry: /v2/ answers ${answer.status}`);
          this.#authentication.challengedBy(answer);
          await answer.body?.cancel();
          return base;
        } catch (error) {
          if (!(error instanceof Transient)) throw error;
          problem = error;
        }
      throw problem;
    });
  }
}

/**
 * The parser of URLs is lenient (it takes 127.1 for 127.0.0.1): what it makes of a name
 * must be that name. @throws Failure `reference-invalid`
 */
function addressOf(protocol: string, host: string): URL {
  const text = `${protocol}://${host}/v2/`;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.hostname === host.replace(/:\d+$/, "")) return url;
  throw new Failure(
    "reference-invalid",
    `${printable(host)} is no registry's name: ${
      url ? `it would be read as ${url.hostname}` : "no connection can be made to it"
    }`,
    "write the name, or the address in its usual form: 192.0.2.1, [2001:db8::1]",
  );
}

function hasProxy(environment: Environment): boolean {
  return ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"].some((name) =>
    environment.get(name),
  );
}
