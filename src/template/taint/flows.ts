// How text gets into the variables of a script: assignments, loops, `read`, `printf -v`, `set`, and the words of a call.
import type { Command, LexedScript, Word } from '../shell/lexed-script.ts';
import { inputsOf } from '../shell/second-reading.ts';
import { DECLARERS, HANDED_ON } from '../shell/second-reading-table.ts';
import { isInside, type Range } from '../source.ts';
import type { Layer } from './layers.ts';

/** A stretch of text that a variable gets, as it stands or in part. */
export interface Flow {
  /** The variable; `@` and a name for the words that a function or an inner script is given. */
  readonly into: string;
  readonly from: Range;
  /** The one in which the stretch was read. */
  readonly layer: Layer;
}

/** `NAME=`, also as an array's element, and where the value begins. */
const ASSIGNMENT = /^["']?([A-Za-z_]\w*)(?:\[[^\]]*\])?\+?=/;

const PREFIX = /^(?:command|builtin)$/;

export function flowsOf(layer: Layer): Flow[] {
  const { script, text, outer, parameters, id } = layer;
  const flows = [
    ...script.commands.flatMap((command) => flowsOfCommand(command, layer)),
    ...script.fillings.map(({ name, from }) => ({ into: name, from })),
    ...script.commands.flatMap((command) => flowsOfInput(command, script, text)),
  ].map((flow) => ({ ...flow, layer }));
  return [...flows, ...parameters.map((from) => ({ into: `@${id}`, from, layer: outer ?? layer }))];
}

type OwnFlow = Pick<Flow, 'into' | 'from'>;

function flowsOfCommand(command: Command, { script, text, id }: Layer): OwnFlow[] {
  const flows = command.assignments.flatMap((word) => assigned(word, text, ASSIGNMENT));
  const at = command.words.findIndex(({ text: word }) => !PREFIX.test(word));
  const program = command.words[at];
  if (program === undefined) return flows;
  const rest = command.words.slice(at + 1);
  flows.push(...rest.flatMap((word) => assigned(word, text, DECLARERS.test(program.text) ? ASSIGNMENT : HANDED_ON)));
  if (program.text === 'set') flows.push(...rest.map((from) => ({ into: scopeAt(command.start, script, id), from })));
  if (program.text === 'printf') flows.push(...printed(rest));
  if (script.functions.some(({ name }) => name === program.text))
    flows.push(...rest.map((from) => ({ into: `@${program.text}`, from })));
  return flows;
}

function assigned(word: Word, text: string, pattern: RegExp): OwnFlow[] {
  const match = pattern.exec(text.slice(word.start, word.end));
  const name = match?.[1];
  if (name === undefined) return [];
  return [{ into: name, from: { start: word.start + (match?.[0].length ?? 0), end: word.end } }];
}

/** `printf -v NAME FORMAT …`; what `%q` makes is quoted, and what `%d` makes a number. */
function printed(rest: readonly Word[]): OwnFlow[] {
  const [option, name, format] = rest;
  if (option?.text !== '-v' || name === undefined || format === undefined) return [];
  if (/^(?:[^%]|%%|%[0-9]*[qd])*$/.test(format.text)) return [];
  return rest.slice(2).map((from) => ({ into: name.text, from }));
}

function flowsOfInput(command: Command, script: LexedScript, text: string): OwnFlow[] {
  const at = command.words.findIndex(({ text: word }) => !PREFIX.test(word));
  if (!/^(?:read|mapfile|readarray)$/.test(command.words[at]?.text ?? '')) return [];
  const names = command.words.slice(at + 1).flatMap(({ text: word }) => (/^[A-Za-z_]\w*$/.test(word) ? [word] : []));
  const around = script.functions.filter(({ body }) => isInside(command, body)).map(({ name }) => name);
  const calls = script.commands.filter(({ words: [program] }) => around.includes(program?.text ?? ''));
  const inputs = [command, ...calls].flatMap((reader) => inputsOf(reader, script, text));
  return [...names, 'REPLY', 'MAPFILE'].flatMap((into) => inputs.map((from) => ({ into, from })));
}

/** Whose parameters `$1` and `$@` are here: those of the innermost function around, else of the script. */
export function scopeAt(at: number, { functions }: LexedScript, id: string): string {
  const around = functions.filter(({ body }) => isInside({ start: at, end: at }, body));
  const [innermost] = around.sort((a, b) => a.body.end - a.body.start - (b.body.end - b.body.start));
  return `@${innermost?.name ?? id}`;
}
