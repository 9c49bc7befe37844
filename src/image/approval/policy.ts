/**
 * Which images are approved: registries, with the beginning of a path, and who must
 * have signed what comes from there. What no entry covers is denied.
 */
import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import * as z from "zod";
import { Failure } from "../../contract/failure.ts";
import {
  isWithin,
  parsePrefix,
  type Reference,
  type Repository,
  repositoryName,
} from "../../contract/image-reference.ts";
import { printable } from "../../system/text.ts";

/** One who may sign; any of an entry's is enough. */
export type Signer =
  /** The file of a public key, PEM. */
  | { readonly kind: "key"; readonly key: string }
  | {
      readonly kind: "identity";
      /** Who says who somebody is: exactly this address. */
      readonly issuer: string;
      /** Who signed: exactly this address or e-mail. */
      readonly subject: string;
      /** The file of Sigstore's trusted root, JSON. */
      readonly trustedRoot: string;
    };

export type ApprovedRegistry = {
  /** Images in it and below it are meant; nothing else. */
  readonly repository: Repository;
  /** Empty: whatever is there is approved. */
  readonly signers: readonly Signer[];
  /** The optional claim of a signature that must be the tag that is asked for. */
  readonly tagClaim?: string;
  /** The file of authorities for its TLS, PEM. */
  readonly authority?: string;
};

export type Policy = {
  /** Where it comes from: a file, or "the environment". */
  readonly origin: string;
  /** No two of the same repository. */
  readonly registries: readonly ApprovedRegistry[];
};

const text = z.string().min(1);

const signer = z.union([
  z.strictObject({
    key: text.describe("A file with a public key, PEM: ECDSA P-256, RSA or Ed25519"),
  }),
  z.strictObject({
    issuer: text.describe("The issuer of the signer's identity, exactly"),
    subject: text.describe("The signer: an e-mail or an address, exactly"),
    trustedRoot: text.describe("A file with Sigstore's trusted root, JSON"),
  }),
]);

export const policyDocument = z
  .strictObject({
    schema: z.literal("sidecar-approval-policy-1"),
    registries: z
      .array(
        z.strictObject({
          host: text.describe("A host's name or address, without a port"),
          port: z.int().min(1).max(65_535).optional(),
          repository: text
            .optional()
            .describe("What the path begins with, in whole components; else any"),
          signedBy: z
            .array(signer)
            .min(1)
            .optional()
            .describe("Who may sign; one is enough. Without it, nobody has to"),
          tagClaim: text
            .optional()
            .describe("The claim of a signature that must be the tag asked for"),
          authority: text
            .optional()
            .describe("A file with certificates of authorities for TLS, PEM"),
        }),
      )
      .min(1),
  })
  .meta({ title: "A policy for `sidecar image approve --policy`" });

/** The entry that counts for an image: of those that cover it, the longest. */
export function entryFor(
  { registries }: Policy,
  reference: Reference,
): ApprovedRegistry | undefined {
  return registries
    .filter(({ repository }) => isWithin(reference, repository))
    .toSorted((one, other) => other.repository.path.length - one.repository.path.length)
    .at(0);
}

/**
 * Files that it names are beside it, unless their paths are absolute.
 * @throws Failure `approval-policy-invalid`
 */
export async function readPolicy(file: string): Promise<Policy> {
  const document = parse(await read(file), file);
  const beside = (name: string) => resolve(dirname(file), name);
  const registries = document.registries.map(
    ({ host, port, repository, signedBy = [], tagClaim, authority }) => ({
      repository: repositoryFrom(
        `${host}${port === undefined ? "" : `:${port}`}` +
          (repository === undefined ? "" : `/${repository}`),
        { host, port },
        file,
      ),
      signers: signedBy.map(
        (one): Signer =>
          "key" in one
            ? { kind: "key", key: beside(one.key) }
            : { kind: "identity", ...one, trustedRoot: beside(one.trustedRoot) },
      ),
      ...(tagClaim === undefined ? {} : { tagClaim }),
      ...(authority === undefined ? {} : { authority: beside(authority) }),
    }),
  );
  return checked({ origin: file, registries });
}

/** @throws Failure `approval-policy-invalid` */
export function checked(policy: Policy): Policy {
  const names = policy.registries.map(({ repository }) => repositoryName(repository));
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw invalid(policy.origin, `${twice} is there twice`);
  const idle = policy.registries.find(
    ({ signers, tagClaim }) => tagClaim !== undefined && signers.length === 0,
  );
  if (idle)
    throw invalid(
      policy.origin,
      `${repositoryName(idle.repository)} has a claim of signatures, and no signer`,
    );
  return policy;
}

/** @throws Failure `approval-policy-invalid` */
export function repositoryFrom(
  written: string,
  expected: { readonly host?: string; readonly port?: number | undefined },
  origin: string,
): Repository {
  let repository: Repository;
  try {
    repository = parsePrefix(written);
  } catch (error) {
    if (error instanceof Failure) throw invalid(origin, error.message);
    throw error;
  }
  // A host that holds a port or a path would be read as something else.
  const { host, port } = expected;
  const isSame =
    host === undefined ||
    (repository.host === normalized(host) && repository.port === port);
  if (isSame) return repository;
  throw invalid(origin, `${host} is no name of a host`);
}

export function invalid(origin: string, what: string): Failure {
  return new Failure(
    "approval-policy-invalid",
    `the policy of ${printable(origin)} is not understood: ${printable(what)}`,
    "mend it; until then no image is approved",
  );
}

const normalized = (host: string) =>
  host.toLowerCase() === "index.docker.io" ? "docker.io" : host.toLowerCase();

async function read(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    throw invalid(file, `it cannot be read: ${(error as Error).message}`);
  }
}

function parse(content: string, file: string): z.infer<typeof policyDocument> {
  let json: unknown;
  try {
    json = JSON.parse(content);
  } catch (error) {
    throw invalid(file, (error as Error).message);
  }
  const parsed = policyDocument.safeParse(json);
  if (parsed.success) return parsed.data;
  const { path, message } = parsed.error.issues[0]!;
  throw invalid(file, `${path.length > 0 ? `${path.join(".")}: ` : ""}${message}`);
}
