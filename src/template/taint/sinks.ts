// Where a script evaluates text that it has from variables: arithmetic, code for another shell, names of commands and variables.
import { pyxisOptionAt, pyxisWords } from '../containers/pyxis-option.ts';
import { needOf } from '../containers/pyxis-values.ts';
import { declaredNames } from '../shell/declarations.ts';
import type { Reach, Word } from '../shell/lexed-script.ts';
import { secondReadings } from '../shell/second-reading.ts';
import { isInside, type Range } from '../source.ts';
import type { Layer } from './layers.ts';
import { namesIn, type Source } from './sources.ts';

/** A stretch that is evaluated, with the variables in it. */
export interface Sink {
  readonly at: number;
  readonly need: Reach['need'];
  /** Who evaluates it. */
  readonly by: string;
  readonly names: readonly Source[];
}

/** The program and its words, of an array or of a call: they are not read again. */
const WORDS = /^"(?:\$@|\$\{@(?::[0-9]+)?\}|\$\{\w+\[@\]\})"$/;

export function sinksOf(layer: Layer): Sink[] {
  const { script, text } = layer;
  const associative = declaredNames(script.commands, text).associative;
  const evaluated = secondReadings(script, text).flatMap(({ start, end, place }): Sink[] => {
    const range = { start, end };
    if (place.kind === 'number') {
      if (place.where === 'an array subscript' && associative.has(/(\w*)\[$/.exec(text.slice(0, start))?.[1] ?? ''))
        return [];
      const names = [...namesIn(range, layer), ...identifiersIn(range, layer)];
      return [{ at: start, need: 'number', by: place.where, names }];
    }
    if (place.kind !== 'read again') return [];
    return [{ at: start, need: 'plain word', by: place.by, names: namesIn(range, layer) }];
  });
  const commands = script.commands.flatMap(({ words }): Sink[] => {
    const program = words[programAt(words)];
    if (program === undefined || WORDS.test(text.slice(program.start, program.end))) return [];
    return [
      { at: program.start, need: 'plain word', by: 'bash, as the name of a command', names: namesIn(program, layer) },
    ];
  });
  const indirect = script.expansions.flatMap((expansion): Sink[] => {
    if (expansion.form !== 'indirect' && expansion.form !== 'prompt') return [];
    const names = namesIn(expansion, layer).slice(0, 1);
    const by = expansion.form === 'prompt' ? 'bash, as a prompt,' : 'bash, as the name of a variable';
    return [{ at: expansion.start, need: 'plain word', by, names }];
  });
  return [...evaluated, ...commands, ...indirect, ...pyxisSinks(layer)].filter(({ names }) => names.length > 0);
}

/** `exec $CMD`, `timeout 9 $CMD`: the word that names the program. */
function programAt(words: readonly Word[]): number {
  let at = 0;
  while (STARTERS.test(words[at]?.text ?? '')) {
    const own = words[at]?.text === 'timeout' ? /^(?:-.*|[0-9.]+[smhd]?|(?:SIG)?[A-Z]+)$/ : /^-/;
    at += 1;
    while (own.test(words[at]?.text ?? '')) at += 1;
  }
  return at;
}

const STARTERS = /^(?:command|builtin|exec|nohup|setsid|timeout)$/;

/** Lists of mounts and variables, and what Pyxis writes into a script that is run on the node, outside of the container. */
function pyxisSinks(layer: Layer): Sink[] {
  const { script, text } = layer;
  const words = pyxisWords([], script.commands);
  return script.expansions.flatMap((expansion): Sink[] => {
    const option = pyxisOptionAt(text, expansion, words);
    if (option === undefined) return [];
    const by = `${option.startsWith('container-') ? 'Pyxis' : 'Slurm or Singularity'}, for --${option},`;
    return [{ at: expansion.start, need: needOf(option), by, names: namesIn(expansion, layer) }];
  });
}

/** In arithmetic a bare name is a variable, whose value is evaluated too. */
function identifiersIn({ start, end }: Range, { script, text }: Layer): Source[] {
  return [...text.slice(start, end).matchAll(/(?<![\w$])[A-Za-z_]\w*/g)].flatMap(({ index, 0: name }) => {
    const range = { start: start + index, end: start + index + name.length };
    const isOther =
      script.expansions.some((one) => isInside(range, one) && isInside(one, { start, end })) ||
      script.sites.some(({ blank }) => isInside(range, blank)) ||
      script.substitutions.some((one) => isInside(range, one) && isInside(one, { start, end }));
    return isOther ? [] : [{ of: { name }, isWhole: true }];
  });
}
