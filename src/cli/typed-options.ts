// Reading typed options: one kind each, with a sentence when what was typed can't be meant.
import type { TaskId } from '../clearml/ids.ts';
import type { Typed } from './command.ts';
import { UsageProblem } from './usage-problem.ts';

/** A text option; typed several times, the last one counts. */
export function textOption(typed: Typed, name: string): string | undefined {
  const value = typed[name];
  const last: unknown = Array.isArray(value) ? value.at(-1) : value;
  if (last === undefined) return undefined;
  if (typeof last !== 'string' || last === '') throw new UsageProblem(`--${name} needs a value.`);
  return last;
}

/** A list option: several words, the option repeated, or words with commas. */
export function listOption(typed: Typed, name: string): string[] | undefined {
  const value = typed[name];
  if (value === undefined) return undefined;
  const words = (Array.isArray(value) ? value : [value])
    .flatMap((word: unknown) => String(word).split(','))
    .filter((word) => word !== '');
  if (words.length === 0) throw new UsageProblem(`--${name} needs at least one value.`);
  return words;
}

/** A switch; undefined when it was not typed. */
export function switchOption(typed: Typed, name: string): boolean | undefined {
  const value = typed[name];
  const last: unknown = Array.isArray(value) ? value.at(-1) : value;
  return typeof last === 'boolean' ? last : undefined;
}

/** Which of these switches was typed, which exclude each other. */
export function onlyOne<Name extends string>(typed: Typed, names: readonly Name[]): Name | undefined {
  const given = names.filter((name) => switchOption(typed, name) === true);
  if (given.length > 1) throw new UsageProblem(`Give only one of ${given.map((name) => `--${name}`).join(' and ')}.`);
  return given[0];
}

/** A whole number of at least `least`. */
export function numberOption(typed: Typed, name: string, least: number): number | undefined {
  const text = textOption(typed, name);
  if (text === undefined) return undefined;
  if (!/^\d+$/.test(text) || Number(text) < least) {
    throw new UsageProblem(`--${name} needs a whole number of at least ${least}, not "${text}".`);
  }
  return Number(text);
}

/** The id of a task, as the web page shows it. @param command for the sentence when there is none */
export function taskOption(typed: Typed, name: string, command: string): TaskId {
  const id = textOption(typed, name);
  if (id !== undefined && /^[0-9a-f]{32}$/.test(id)) return id as TaskId;
  const fact = id === undefined ? `${command} needs a task` : `"${id}" is no task id`;
  throw new UsageProblem(`${fact}: copy the id, 32 letters and digits, from the task's web page or from status.`);
}
