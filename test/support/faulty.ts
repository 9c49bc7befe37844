/** A way to a registry on which things go wrong, as a test wants them to. */
import {
  createServer,
  type IncomingMessage,
  request,
  type ServerResponse,
} from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll } from "vitest";

export type Asked = {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** The bytes of the request's body. */
  readonly length: number;
};

/** What a test does with a request; "on" lets it through. */
export type Fault = (
  asked: Asked,
  exchange: { readonly response: ServerResponse; readonly pass: Pass },
) => "on" | undefined;

/** Lets a request through with another ending. */
export type Pass = (changes: {
  /** Of the answer's body this many bytes come; then the connection is cut. */
  readonly cutAfter?: number;
  readonly changed?: (body: Buffer) => Buffer;
  readonly headers?: Readonly<Record<string, string | undefined>>;
  /** The request reaches the registry without these headers. */
  readonly without?: readonly string[];
  /** The request's body reaches the registry only up to here. */
  readonly sendOnly?: number;
}) => void;

export type FaultyWay = {
  /** `127.0.0.1:PORT`. */
  readonly name: string;
  readonly origin: string;
  readonly asked: readonly Asked[];
  /** What happens from now on. */
  fault: Fault;
};

const servers: { close: () => void; closeAllConnections: () => void }[] = [];
afterAll(() => {
  for (const server of servers.splice(0)) {
    server.close();
    server.closeAllConnections();
  }
});

/** @param target `127.0.0.1:PORT` of the registry; without it a fault answers all */
export async function startFaultyWay(target?: string): Promise<FaultyWay> {
  const asked: Asked[] = [];
  const way = { name: "", origin: "", asked, fault: (() => "on") as Fault };
  const server = createServer(async (incoming, response) => {
    const body = await read(incoming);
    const { method = "", url: path = "", headers } = incoming;
    const one = { method, path, headers, length: body.length };
    asked.push(one);
    const pass: Pass = (changes) => forward(target!, incoming, body, response, changes);
    if (way.fault(one, { response, pass }) === "on") pass({});
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  servers.push(server);
  way.name = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  way.origin = `http://${way.name}`;
  return way;
}

async function read(incoming: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of incoming) parts.push(part);
  return Buffer.concat(parts);
}

function forward(
  target: string,
  incoming: IncomingMessage,
  body: Buffer,
  response: ServerResponse,
  { cutAfter, changed, headers = {}, without = [], sendOnly }: Parameters<Pass>[0],
): void {
  const passed: Record<string, string | string[] | undefined> = {
    ...incoming.headers,
    "content-length": String(body.length),
  };
  for (const name of without) delete passed[name];
  const outgoing = request(
    `http://${target}${incoming.url}`,
    { method: incoming.method ?? "GET", headers: passed },
    async (answer) => {
      const whole = await read(answer);
      const sent = changed ? changed(whole) : whole;
      const all: Record<string, string | string[] | undefined> = {
        ...answer.headers,
        ...(incoming.method === "HEAD"
          ? {}
          : { "content-length": String(sent.length) }),
        ...headers,
      };
      for (const [name, value] of Object.entries(all))
        if (value !== undefined) response.setHeader(name, value);
      response.writeHead(answer.statusCode!);
      if (cutAfter === undefined) {
        response.end(incoming.method === "HEAD" ? undefined : sent);
        return;
      }
      response.write(sent.subarray(0, cutAfter), () => response.destroy());
    },
  );
  outgoing.on("error", () => response.destroy());
  if (sendOnly === undefined) {
    outgoing.end(body);
    return;
  }
  outgoing.write(body.subarray(0, sendOnly), () => {
    // The registry is to notice that no more comes; so is whoever sent it.
    outgoing.destroy();
    response.destroy();
  });
}
