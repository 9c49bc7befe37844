/** As whom an activation is tried: as this user, since nobody else can be had. */
import type { Environment } from "../../contract/environment.ts";

export type Actor<Result> = {
  readonly result: Result;
  /** For messages. */
  readonly user: string;
  /** Why it had to be an administrator; on Windows it does not matter. */
  readonly onlyRoot?: string;
};

export function asBlock<Result>(action: () => Result): Actor<Result> {
  return { result: action(), user: "this user" };
}

export function blockVariables(
  _image: Environment,
  _directory: string | undefined,
): Record<string, string> {
  return {};
}
