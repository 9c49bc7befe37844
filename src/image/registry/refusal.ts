/** What is said where a registry does not give what it is asked for. */
import * as z from "zod";
import { Failure } from "../../contract/failure.ts";
import { printable } from "../../system/text.ts";
import type { Registry } from "./client.ts";
import { readSmall } from "./transport.ts";

/** Bytes. */
const errorLimit = 64 << 10;

/** distribution-spec, spec.md, "Error Codes". */
const errorDocument = z.looseObject({
  errors: z.array(z.looseObject({ code: z.string(), message: z.string().optional() })),
});

/** An answer that can be no registry's, or none of an honest one. */
export function wrong(what: string): Failure {
  return new Failure(
    "registry-answer-invalid",
    what,
    "try again, and if it stays ask whoever runs the registry: do not trust it",
  );
}

/** What an answer of a status that was not hoped for means. Reads its body. */
export async function refusal(
  answer: Response,
  what: string,
  registry: Pick<Registry, "name" | "transport">,
): Promise<Failure> {
  const said = await reason(answer, registry);
  const { status } = answer;
  if (status === 401 || status === 403)
    return new Failure(
      "registry-refused",
      `${what}: the registry does not allow it (${status}${said})`,
      `see whether this user may: docker login ${registry.name}`,
    );
  if (status === 404)
    return new Failure(
      "registry-not-found",
      `${what}: the registry has no such thing (404${said})`,
      "see whether repository and tag are right, and whether this user may see them",
    );
  return new Failure(
    "registry-refused",
    `${what}: the registry refuses (${status}${said})`,
    "see what the registry's log says; some have rules for names, tags and sizes",
  );
}

async function reason(
  answer: Response,
  { transport }: Pick<Registry, "transport">,
): Promise<string> {
  try {
    const bytes = await readSmall(answer, errorLimit, "an error", transport);
    const json = JSON.parse(new TextDecoder().decode(bytes));
    const first = errorDocument.parse(json).errors[0];
    if (!first) return "";
    return `, ${printable(`${first.code} ${first.message ?? ""}`.slice(0, 300).trim())}`;
  } catch {
    // Its text is of no use then, and the status says enough.
    return "";
  }
}
