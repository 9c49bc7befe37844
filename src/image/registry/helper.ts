/** Programs that keep credentials: `docker-credential-NAME get`. */
import * as z from "zod";
import { type Environment, nameOf } from "../../contract/environment.ts";
import { Failure } from "../../contract/failure.ts";
import { printable } from "../../system/text.ts";
import type { Credentials } from "./credentials.ts";

const answer = z.looseObject({ Username: z.string(), Secret: z.string() });

/** Milliseconds: somebody may have to unlock a key ring. */
const patience = 120_000;
/** What they print then (docker-credential-helpers, credentials/error.go). */
const knowsNothing = /credentials not found/i;
/** The user that stands for: the secret is a refresh token. */
const tokenUser = "<token>";

/** @returns nothing where the helper knows nothing @throws Failure */
export async function askHelper(
  name: string,
  registry: string,
  environment: Environment,
): Promise<Credentials | undefined> {
  const program = `docker-credential-${name}`;
  const file = /^[\w.-]+$/.test(name)
    ? Bun.which(program, { PATH: environment.get("PATH") ?? "" })
    : null;
  if (file === null)
    throw refusal(program, "is not in PATH", "install it, or change config.json");
  const child = Bun.spawn([file, "get"], {
    env: variables(environment),
    stdin: Buffer.from(registry),
    stdout: "pipe",
    stderr: "inherit",
    timeout: patience,
    killSignal: "SIGKILL",
  });
  const text = await new Response(child.stdout).text();
  if ((await child.exited) !== 0) {
    if (knowsNothing.test(text)) return undefined;
    const said = printable(text.trim().slice(0, 300));
    throw refusal(program, `failed: ${said || "it says nothing"}`, byHand(program));
  }
  const told = parse(text);
  if (!told) throw refusal(program, "answers no credentials", byHand(program));
  const { Username: user, Secret: secret } = told;
  if (secret === "") return undefined;
  return user === tokenUser
    ? { kind: "token", token: secret }
    : { kind: "password", user, password: secret };
}

function parse(text: string): z.infer<typeof answer> | undefined {
  try {
    return answer.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

function variables({ entries }: Environment): Record<string, string> {
  const pairs = entries.flatMap((entry) => {
    const name = nameOf(entry);
    return name ? [[name, entry.slice(name.length + 1)] as const] : [];
  });
  return Object.fromEntries(pairs.toReversed());
}

const byHand = (program: string) => `see what this says: ${program} list`;

function refusal(program: string, what: string, hint: string): Failure {
  return new Failure(
    "registry-credentials-invalid",
    `${printable(program)}, which config.json names, ${what}`,
    hint,
  );
}
