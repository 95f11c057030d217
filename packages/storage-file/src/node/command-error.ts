/** Why the command cannot do what it was asked for: one sentence, and what to do. */
export class CommandError extends Error {}
