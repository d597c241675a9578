// Finds the words of a command that are more than data: operators of test, options of programs that run others, and the program itself.
import type { Word } from '../shell/lexer-result.ts';
import { RUNNERS, type Runner } from '../shell/programs-that-run-code.ts';

export function specialWords<SomeWord extends Word>([program, ...rest]: readonly SomeWord[]): readonly SomeWord[] {
  if (program === undefined) return [];
  // Any word of find can begin `-exec` or `-delete`.
  if (/^(?:\[|test|find)$/.test(program.text)) return rest;
  const runner = runnerOf(program);
  return runner === undefined ? [] : rest.slice(0, countSpecial(runner, rest));
}

function runnerOf({ text }: Word): Runner | undefined {
  const name = text.slice(text.lastIndexOf('/') + 1);
  return RUNNERS.find(({ names }) => names.test(name));
}

/** The number of words up to the program that is run, which is no runner itself. */
function countSpecial(first: Runner, rest: readonly Word[]): number {
  let runner = first;
  let { operands = 0, subcommands } = first;
  let at = 0;
  for (let word = rest[at]; word !== undefined; word = rest[at]) {
    const next = runnerOf(word);
    if (/^[-+]/.test(word.text)) {
      at += argumentsOf(runner, word);
    } else if (subcommands !== undefined) {
      if (!subcommands.test(word.text) && word.text !== '\0') break;
      subcommands = undefined;
      operands -= 1;
    } else if (next !== undefined) {
      runner = next;
      ({ operands = 0, subcommands } = next);
    } else if (operands > 0) {
      operands -= 1;
    } else if (!/^(?:[\0\d]|\w+=)/.test(word.text)) {
      break;
    }
    at += 1;
  }
  return at;
}

function argumentsOf({ optionsWithArgument, optionsWithTwo }: Runner, { text }: Word): number {
  if (optionsWithTwo?.test(text) === true) return 2;
  return optionsWithArgument?.test(text) === true ? 1 : 0;
}
