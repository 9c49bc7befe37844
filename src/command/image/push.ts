/** `sidecar image push SOURCE REFERENCE`: an image into a registry. */
import { parseReference } from "../../contract/image-reference.ts";
import { pushImage } from "../../image/registry/push.ts";
import { openSource } from "../../image/source/open.ts";
import type { CommandSyntax, CommandWords } from "../arguments.ts";
import type { CommandContext } from "../command.ts";
import { progress } from "./progress.ts";
import { accessFrom, registryOptions } from "./registry-options.ts";

export const syntax: CommandSyntax = {
  name: "sidecar image push",
  usage: `sidecar image push SOURCE REFERENCE [OPTION…]

Copies an image into a registry, byte for byte: from an archive of docker save, from an
OCI layout, or from a registry. All platforms are copied, and the tag is set last. What
the registry has already is not sent. Credentials are those of docker login: config.json
of DOCKER_CONFIG, or of HOME/.docker.`,
  options: {
    ...registryOptions,
    json: { kind: "flag", description: "Print one JSON object" },
  },
  operands: ["SOURCE", "REFERENCE"],
  examples: [
    ["sidecar image push cobol.tar registry.example.com/pseven/cobol:42", "An archive"],
    [
      "sidecar image push registry.example.com/test/x:1 registry.example.com/good/x:1",
      "From one repository into another; layers are not sent",
    ],
  ],
};

/** @throws Failure */
export async function run(
  words: CommandWords,
  context: CommandContext,
): Promise<number> {
  const [from, to] = words.operands as readonly [string, string];
  const reference = parseReference(to);
  const access = await accessFrom(words, context);
  const source = await openSource(from, access);
  const shown = progress("pushing");
  try {
    const pushed = await pushImage(source, reference, access, shown.tell);
    shown.end();
    const { image, blobs } = pushed;
    const there = blobs.present + blobs.mounted;
    return context.print(
      words.has("json")
        ? JSON.stringify(pushed)
        : `${image}: ${blobs.sent} blobs sent, ${there} were there`,
    );
  } finally {
    shown.end();
    await source.close();
  }
}
