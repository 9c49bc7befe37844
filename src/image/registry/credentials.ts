/**
 * Who somebody is to a registry, as `docker login` has written it down: in config.json
 * of `DOCKER_CONFIG`, else of `HOME/.docker` (docker/cli, config/configfile).
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import * as z from "zod";
import type { Environment } from "../../contract/environment.ts";
import { Failure } from "../../contract/failure.ts";
import { printable } from "../../system/text.ts";
import { askHelper } from "./helper.ts";

export type Credentials =
  | { readonly kind: "password"; readonly user: string; readonly password: string }
  /** A refresh token of OAuth 2. */
  | { readonly kind: "token"; readonly token: string };

const entry = z.looseObject({
  auth: z.string().optional(),
  username: z.string().optional(),
  password: z.string().optional(),
  identitytoken: z.string().optional(),
});
const configuration = z.looseObject({
  auths: z.record(z.string(), entry).optional(),
  credsStore: z.string().optional(),
  credHelpers: z.record(z.string(), z.string()).optional(),
});
type Entry = z.infer<typeof entry>;

/** The key of Docker's own registry, which is older than names of registries. */
const dockerKey = "https://index.docker.io/v1/";

/**
 * @param registry as it stands in a reference: `registry.example.com:5000`
 * @returns nothing where nothing is written down: many registries let anybody read
 * @throws Failure `registry-credentials-invalid`
 */
export async function findCredentials(
  registry: string,
  environment: Environment,
): Promise<Credentials | undefined> {
  const file = configurationFile(environment);
  if (file === undefined) return undefined;
  const text = await readIfThere(file);
  if (text === undefined) return undefined;
  const { auths, credHelpers, credsStore } = parse(text, file);
  const key = registry === "docker.io" ? dockerKey : registry;
  const helper =
    credHelpers?.[registry] ?? credHelpers?.[key] ?? (credsStore || undefined);
  if (helper !== undefined) {
    const told = await askHelper(helper, key, environment);
    if (told) return told;
  }
  const found = auths && entryFor(key, registry, auths);
  return found && credentialsOf(found, registry, file);
}

function configurationFile(environment: Environment): string | undefined {
  const directory = environment.get("DOCKER_CONFIG");
  if (directory) return join(directory, "config.json");
  const home = environment.get("HOME");
  return home ? join(home, ".docker", "config.json") : undefined;
}

async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw invalid(file, `cannot be read: ${message}`);
  }
}

function parse(text: string, file: string): z.infer<typeof configuration> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw invalid(file, "is no JSON");
  }
  const parsed = configuration.safeParse(json);
  if (parsed.success) return parsed.data;
  const { path, message } = parsed.error.issues[0]!;
  throw invalid(file, `is not as Docker writes it: ${path.join(".")}: ${message}`);
}

/** Keys may be addresses: `https://registry.example.com/v1/`. */
function entryFor(
  key: string,
  registry: string,
  auths: Readonly<Record<string, Entry>>,
): Entry | undefined {
  if (Object.hasOwn(auths, key)) return auths[key];
  return Object.entries(auths).find(
    ([name]) => name.replace(/^https?:\/\//, "").replace(/\/.*$/s, "") === registry,
  )?.[1];
}

function credentialsOf(
  { auth, username, password, identitytoken }: Entry,
  registry: string,
  file: string,
): Credentials | undefined {
  if (identitytoken) return { kind: "token", token: identitytoken };
  if (username && password) return { kind: "password", user: username, password };
  if (!auth) return undefined;
  // Some write NUL behind it (docker/cli, config/configfile/file.go).
  const text = Buffer.from(auth, "base64").toString().replace(/\0+$/, "");
  const colon = text.indexOf(":");
  if (colon <= 0) throw invalid(file, `has an auth of ${registry} that is none`);
  return {
    kind: "password",
    user: text.slice(0, colon),
    password: text.slice(colon + 1),
  };
}

function invalid(file: string, what: string): Failure {
  return new Failure(
    "registry-credentials-invalid",
    `${printable(file)} ${printable(what)}`,
    "mend it, or write it anew by docker login; DOCKER_CONFIG names another directory",
  );
}
