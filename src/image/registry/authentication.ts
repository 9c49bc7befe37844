/**
 * Tokens of a registry (distribution/distribution, docs/spec/auth/token.md): which are
 * asked for, who gives them, and for how long they are kept.
 */
import * as z from "zod";
import { Failure } from "../../contract/failure.ts";
import { printable } from "../../system/text.ts";
import { type Challenge, parseChallenge } from "./challenge.ts";
import type { Credentials } from "./credentials.ts";
import { persistently } from "./patience.ts";
import {
  ask,
  type Outgoing,
  readSmall,
  resolveLocation,
  type Transport,
} from "./transport.ts";

const answer = z.looseObject({
  token: z.string().optional(),
  access_token: z.string().optional(),
});

/** Bytes: tokens of many scopes have some thousands. */
const tokenLimit = 256 << 10;

export type Scope = {
  readonly repository: string;
  readonly actions: "pull" | "pull,push";
};

/** The words that a registry is shown; it remembers them. */
export class Authentication {
  readonly #registry: string;
  readonly #transport: Transport;
  readonly #find: () => Promise<Credentials | undefined>;
  #credentials: Promise<Credentials | undefined> | undefined;
  readonly #tokens = new Map<string, string>();
  #challenge: Challenge | undefined;
  /** Who asks for it. */
  #asking = "";

  /** @param find is called once, and only where the registry asks who we are */
  constructor(
    registry: string,
    transport: Transport,
    find: () => Promise<Credentials | undefined>,
  ) {
    this.#registry = registry;
    this.#transport = transport;
    this.#find = find;
  }

  /**
   * What the registry asks for in general, by its answer to a request without
   * credentials. @throws Failure `registry-answer-invalid`
   */
  challengedBy(answer: Response): void {
    if (answer.status !== 401) return;
    const header = answer.headers.get("www-authenticate") ?? "";
    const challenge = parseChallenge(header);
    this.#asking = answer.url;
    this.#challenge = challenge;
    if (!challenge)
      throw new Failure(
        "registry-answer-invalid",
        `${this.#registry} asks for what sidecar does not know: ` +
          (printable(header.slice(0, 200)) || "401 without a challenge"),
        "sidecar knows basic authentication and bearer tokens",
      );
  }

  /** @returns the value of `Authorization`, where one is needed @throws Failure */
  async authorization(scopes: readonly Scope[]): Promise<string | undefined> {
    switch (this.#challenge?.scheme) {
      case undefined:
        return undefined;
      case "basic":
        return this.#basic();
      case "bearer": {
        const key = words(scopes).join(" ");
        const known = this.#tokens.get(key);
        if (known !== undefined) return `Bearer ${known}`;
        const token = await this.#token(this.#challenge, words(scopes));
        this.#tokens.set(key, token);
        return `Bearer ${token}`;
      }
    }
  }

  /** The token was not accepted: it has expired. @returns whether another can be had */
  forget(scopes: readonly Scope[]): boolean {
    return this.#tokens.delete(words(scopes).join(" "));
  }

  async #basic(): Promise<string | undefined> {
    const credentials = await this.#known();
    return credentials?.kind === "password" ? basic(credentials) : undefined;
  }

  #known(): Promise<Credentials | undefined> {
    this.#credentials ??= this.#find();
    return this.#credentials;
  }

  async #token(
    challenge: Challenge & { scheme: "bearer" },
    scopes: readonly string[],
  ): Promise<string> {
    const realm = this.#realm(challenge.realm);
    const service = challenge.service;
    const outgoing = requestFor(realm, service, scopes, await this.#known());
    const bytes = await persistently(this.#transport, realm.host, async () => {
      const response = await ask(outgoing, this.#transport);
      if (response.status !== 200) throw await this.#refused(response);
      return readSmall(response, tokenLimit, "a token", this.#transport);
    });
    const token = tokenOf(bytes);
    if (token === undefined)
      throw new Failure(
        "registry-answer-invalid",
        `${realm.host} was asked for a token and sends none`,
        "ask whoever runs the registry",
      );
    return token;
  }

  #realm(text: string): URL {
    if (URL.canParse(text)) return resolveLocation(new URL(this.#asking), text);
    throw new Failure(
      "registry-answer-invalid",
      `${this.#registry} has tokens at no address: ${printable(text.slice(0, 200))}`,
      "ask whoever runs the registry",
    );
  }

  async #refused(response: Response): Promise<Failure> {
    await response.body?.cancel();
    const known = await this.#known();
    return new Failure(
      "registry-refused",
      `${new URL(response.url).host} gives no token for ${this.#registry}` +
        ` (${response.status})`,
      known
        ? `see whether the password still holds: docker login ${this.#registry}`
        : `it may want to know who asks: docker login ${this.#registry}`,
    );
  }
}

function words(scopes: readonly Scope[]): readonly string[] {
  return scopes.map(({ repository, actions }) => `repository:${repository}:${actions}`);
}

function basic({ user, password }: Credentials & { kind: "password" }): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;
}

function requestFor(
  realm: URL,
  service: string | undefined,
  scopes: readonly string[],
  credentials: Credentials | undefined,
): Outgoing {
  if (credentials?.kind === "token") {
    const form = new URLSearchParams({
      grant_type: "refresh_token",
      refresh_token: credentials.token,
      client_id: "sidecar",
      ...(service === undefined ? {} : { service }),
      scope: scopes.join(" "),
    });
    return {
      method: "POST",
      url: realm,
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: Buffer.from(form.toString()),
    };
  }
  const url = new URL(realm);
  if (service !== undefined) url.searchParams.set("service", service);
  for (const scope of scopes) url.searchParams.append("scope", scope);
  return {
    method: "GET",
    url,
    ...(credentials ? { authorization: basic(credentials) } : {}),
  };
}

function tokenOf(bytes: Uint8Array): string | undefined {
  try {
    const { token, access_token } = answer.parse(
      JSON.parse(new TextDecoder().decode(bytes)),
    );
    const found = token || access_token;
    // Whatever else it is, it must fit into a header.
    return found && /^[\x21-\x7e]+$/.test(found) ? found : undefined;
  } catch {
    return undefined;
  }
}
