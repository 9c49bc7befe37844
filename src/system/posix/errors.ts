/** What the system says when a call fails: a number, and words for it. */
export { errorNumber, SystemError } from "./libc.ts";
