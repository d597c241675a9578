// Finds the words of a command that are more than data: operators of test, options of programs that run others, and the program itself.
import type { Word } from '../shell/lexer-result.ts';
import { RUNNERS, type Runner } from '../shell/programs-that-run-code.ts';

export function specialWords<SomeWord extends Word>([program, ...rest]: readonly SomeWord[]): readonly SomeWord[] {
  if (program === undefined) return [];
  if (/^(?:\[|test)$/.test(program.text)) return rest;
  const runner = runnerOf(program);
  return runner === undefined ? [] : rest.slice(0, countSpecial(runner, rest));
}

function runnerOf({ text }: Word): Runner | undefined {
  const name = text.slice(text.lastIndexOf('/') + 1);
  return RUNNERS.find(({ names }) => names.test(name));
}

/** In `singularity exec IMAGE PROGRAM`, `exec` is no runner itself. */
const SUBCOMMAND_AND_IMAGE = 2;

/** The number of words up to the program that is run, which is no runner itself. */
function countSpecial(first: Runner, rest: readonly Word[]): number {
  let runner = first;
  let operands = first.operands ?? 0;
  let at = 0;
  for (let word = rest[at]; word !== undefined; word = rest[at]) {
    const next = runnerOf(word);
    if (/^[-+]/.test(word.text)) {
      at += argumentsOf(runner, word);
    } else if (next !== undefined && operands !== SUBCOMMAND_AND_IMAGE) {
      runner = next;
      operands = next.operands ?? 0;
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
