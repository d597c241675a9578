// Names for what has none in the script: the parameters of the function around a place, and the input of a command.
import type { Command, LexedScript, ShellFunction } from '../shell/lexed-script.ts';
import { isInside } from '../source.ts';
import type { Layer } from './layers.ts';

/** Under which the input of a command is known. */
export function inputName({ start }: Command, { id }: Layer): string {
  return `<${id}:${start}`;
}

/** Whose parameters `$1` and `$@` are here: those of the innermost function around, else of the script. */
export function scopeAt(at: number, script: LexedScript, id: string): string {
  return `@${functionsAround(at, script)[0]?.name ?? id}`;
}

/** The innermost first. */
export function functionsAround(at: number, { functions }: LexedScript): ShellFunction[] {
  return functions
    .filter(({ body }) => isInside({ start: at, end: at }, body))
    .sort((a, b) => a.body.end - a.body.start - (b.body.end - b.body.start));
}
