// Names the values that have no name in the script: the parameters of a function, and the input of a command.
import type { Command, LexedScript, ShellFunction } from '../shell/lexer-result.ts';
import { isInside } from '../template-source.ts';
import type { NestedScript } from './find-nested-scripts.ts';

/** The name for the input of a command. */
export function inputName({ start }: Command, { id }: NestedScript): string {
  return `<${id}:${start}`;
}

/** The name for the parameters `$1` and `$@` here: those of the innermost function, or of the script. */
export function scopeAt(at: number, script: LexedScript, id: string): string {
  return `@${functionsAround(at, script)[0]?.name ?? id}`;
}

/** The innermost first. */
export function functionsAround(at: number, { functions }: LexedScript): ShellFunction[] {
  return functions
    .filter(({ body }) => isInside({ start: at, end: at }, body))
    .sort((a, b) => a.body.end - a.body.start - (b.body.end - b.body.start));
}
