/** A policy in variables: `DA__P7__PCLUSTER__REGISTRY…`. See docs/approval.md. */
import { isAbsolute } from "node:path";
import type { Environment } from "../../contract/environment.ts";
import {
  type ApprovedRegistry,
  checked,
  invalid,
  type Policy,
  repositoryFrom,
  type Signer,
} from "./policy.ts";

const prefix = "DA__P7__PCLUSTER__REGISTRY";
const origin = "the environment";

/** What is said of one registry, by the last part of a variable's name. */
const settings = [
  "KEY",
  "ISSUER",
  "SUBJECT",
  "TRUSTED_ROOT",
  "TAG_CLAIM",
  "AUTHORITY",
] as const;
type Setting = (typeof settings)[number];

const files: readonly Setting[] = ["KEY", "TRUSTED_ROOT", "AUTHORITY"];

type Given = { where?: string; values: Partial<Record<Setting, string>> };

/**
 * @returns nothing where no variable of a policy is set
 * @throws Failure `approval-policy-invalid`
 */
export function policyFrom(environment: Environment): Policy | undefined {
  const registries = new Map<string, Given>();
  for (const name of environment.names(prefix)) {
    const value = environment.get(name)!;
    const rest = name.slice(prefix.length);
    const { key, setting } = understood(rest, name);
    if (value === "") throw invalid(origin, `${name} is empty`);
    if (setting && files.includes(setting) && !isAbsolute(value))
      throw invalid(origin, `${name} is no absolute path`);
    const given = registries.get(key) ?? { values: {} };
    registries.set(key, given);
    if (setting === undefined) given.where = value;
    else given.values[setting] = value;
  }
  if (registries.size === 0) return undefined;
  return checked({
    origin,
    registries: [...registries].map(([key, given]) => registryFrom(key, given)),
  });
}

/** @throws Failure: a name that is not understood could be a demand that is missed */
function understood(rest: string, name: string) {
  const parts = rest === "" ? [] : rest.slice(2).split("__");
  const last = settings.find((setting) => setting === parts.at(-1));
  const keys = last ? parts.slice(0, -1) : parts;
  const isForm = rest === "" || rest.startsWith("__");
  if (!isForm || keys.length > 1 || !keys.every((key) => keyForm.test(key)))
    throw invalid(origin, `there is no variable ${name}`);
  return { key: keys[0] ?? "", ...(last ? { setting: last } : {}) };
}

const keyForm = /^[A-Z0-9]+(?:_[A-Z0-9]+)*$/;

function registryFrom(key: string, { where, values }: Given): ApprovedRegistry {
  const name = key === "" ? prefix : `${prefix}__${key}`;
  if (where === undefined) throw invalid(origin, `${name} is not set`);
  return {
    repository: repositoryFrom(where, {}, `${origin}, ${name}`),
    signers: signersFrom(name, values),
    ...(values.TAG_CLAIM === undefined ? {} : { tagClaim: values.TAG_CLAIM }),
    ...(values.AUTHORITY === undefined ? {} : { authority: values.AUTHORITY }),
  };
}

function signersFrom(name: string, values: Given["values"]): readonly Signer[] {
  const signers: Signer[] = [];
  if (values.KEY !== undefined) signers.push({ kind: "key", key: values.KEY });
  const { ISSUER: issuer, SUBJECT: subject, TRUSTED_ROOT: trustedRoot } = values;
  if (issuer === undefined && subject === undefined && trustedRoot === undefined)
    return signers;
  if (issuer === undefined || subject === undefined || trustedRoot === undefined)
    throw invalid(
      origin,
      `${name}__ISSUER, …__SUBJECT and …__TRUSTED_ROOT go together`,
    );
  return [...signers, { kind: "identity", issuer, subject, trustedRoot }];
}
