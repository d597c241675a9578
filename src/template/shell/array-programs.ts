// A command that stands in an array: `A=(bash -c …); "${A[@]}"`.
import { TemplateProblem } from '../errors.ts';
import type { Range } from '../source.ts';
import { codeWords, type CodeRange } from './code-words.ts';
import { lexRange } from './lex-script.ts';
import type { Command, LexedScript } from './lexed-script.ts';

/** Which elements of such arrays are code for the program that the first one names. */
export function codeInArrays({ commands }: LexedScript, text: string): CodeRange[] {
  const programs = new Set(
    commands.flatMap(({ words: [program] }) => {
      const raw = program === undefined ? '' : text.slice(program.start, program.end);
      return /^"?\$\{([A-Za-z_]\w*)\[[@*]\]\}"?$/.exec(raw)?.[1] ?? [];
    }),
  );
  return commands
    .flatMap(({ assignments, words }) => [...assignments, ...words])
    .flatMap(({ start, end }) => {
      const [before, name = ''] = /^([A-Za-z_]\w*)=\((?=.*\)$)/s.exec(text.slice(start, end)) ?? [];
      if (before === undefined || !programs.has(name)) return [];
      return commandsIn(text, { start: start + before.length, end: end - 1 }).flatMap((one) => codeWords(one, text));
    });
}

/** The elements read as one command; nothing, where they are none. */
function commandsIn(text: string, { start, end }: Range): readonly Command[] {
  const oneLine = text.slice(0, start) + text.slice(start, end).replaceAll('\n', ' ') + text.slice(end);
  try {
    return lexRange({ file: '', text: oneLine }, { start, end }).commands;
  } catch (error) {
    if (error instanceof TemplateProblem) return [];
    throw error;
  }
}
