/** The commands beside `--exec`, as help and completion know them. */

export const commands = {
  advertise: "Print what this host or image offers, in the form an engine takes",
  check: "Say whether blocks would work here, and what to mend",
  choices: "List where a block can run, as a user chooses from it",
  completion: "Print a script that completes sidecar's options in bash or zsh",
  features: "List the runenvs and features that images and nodes offer",
  freeze: "Do the activations of an image once, so that blocks need no shell for them",
  image: "Look at images, mend, name and approve them, without a container engine",
  install: "Copy this executable into a directory or volume",
  messages: "List sidecar's messages by code, or explain one",
  resolve: "Find the one image or host for a block",
} as const;

export type CommandName = keyof typeof commands;

/** Those of the catalogue: what places offer, what blocks ask for, which one fits. */
const catalogueCommands = ["advertise", "choices", "features", "resolve"] as const;

export type CatalogueCommandName = (typeof catalogueCommands)[number];

export function isCatalogueCommand(name: string): name is CatalogueCommandName {
  return catalogueCommands.some((one) => one === name);
}
