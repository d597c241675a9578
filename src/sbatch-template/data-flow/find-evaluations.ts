// Finds where a script evaluates text from variables: arithmetic, code for another shell, names of commands and variables.
import { restrictedOptionAt, restrictedOptions } from '../containers/find-restricted-options.ts';
import { requirementOf } from '../containers/check-restricted-option.ts';
import { codeWordLists, inputEvaluator, nameWordLists } from '../shell/find-code-words.ts';
import { declaredNames } from '../shell/find-evaluated-assignments.ts';
import type { Command, ReachedEvaluation, Word } from '../shell/lexer-result.ts';
import { isInside, type Range } from '../template-source.ts';
import { executedWords, fileName } from './find-flows-through-files.ts';
import { inputName, layered, type LayeredWord, type NestedScript } from './find-nested-scripts.ts';
import type { ExpandedCommand } from './expand-commands.ts';
import { becomesWords } from '../placeholders/filters.ts';
import { specialWords } from './find-special-words.ts';
import { placeholdersIn, keyOf, namesIn, type Source } from './find-value-sources.ts';

/** An evaluation, with the variables in the evaluated text. */
export interface Evaluation {
  readonly at: number;
  readonly requirement: ReachedEvaluation['requirement'];
  /** What evaluates it; completes "evaluated by …". */
  readonly by: string;
  readonly names: readonly Source[];
}

/** A program and its arguments from an array or a call, which are not re-evaluated. */
const WORDS = /^"(?:\$@|\$\{@(?::[0-9]+)?\}|\$\{\w+\[@\]\})"$/;

export function findEvaluations(layer: NestedScript): Evaluation[] {
  const { script, text } = layer;
  const associative = declaredNames(script.commands, text).associative;
  const evaluated = layer.reEvaluated.flatMap(({ start, end, context, isKey }): Evaluation[] => {
    if (isKey === true) return [];
    const range = { start, end };
    if (context.kind === 'number') {
      const names = [...namesIn(range, layer), ...identifiersIn(range, layer)];
      return [{ at: start, requirement: 'number', by: context.where, names }];
    }
    if (context.kind !== 're-evaluated') return [];
    return [
      { at: start, requirement: 'plain word', by: context.by, names: namesIn(range, layer) },
      ...(context.by.endsWith('as the name of a variable') ? subscriptsOfNames(range, layer, associative) : []),
    ];
  });
  const commands = script.commands.flatMap(({ words }): Evaluation[] => {
    const program = words[programAt(words)];
    if (program === undefined || WORDS.test(text.slice(program.start, program.end))) return [];
    return [
      {
        at: program.start,
        requirement: 'plain word',
        by: 'bash, as the name of a command',
        names: namesIn(program, layer),
      },
    ];
  });
  const indirect = script.expansions.flatMap((expansion): Evaluation[] => {
    if (expansion.form !== 'indirect' && expansion.form !== 'prompt') return [];
    const names = namesIn(expansion, layer).slice(0, 1);
    const by = expansion.form === 'prompt' ? 'bash, as a prompt' : 'bash, as the name of a variable';
    return [{ at: expansion.start, requirement: 'plain word', by, names }];
  });
  return [
    ...evaluated,
    ...commands,
    ...indirect,
    ...evaluationsByOptions(layer),
    ...executedFiles(layer),
    ...fedCode(layer),
    ...subscripts(layer, associative),
    ...script.commands.flatMap(({ words }) => splitWords(layered(words, layer))),
    ...unreadText(layer),
  ].filter(({ names }) => names.length > 0);
}

/** A nested script that could not be parsed may evaluate any of its variables. */
function unreadText({ unread, text }: NestedScript): Evaluation[] {
  if (unread === undefined) return [];
  const named = [...text.slice(unread.start, unread.end).matchAll(/(?<![\w])[A-Za-z_]\w*/g)];
  const names = [...new Set(named.map(([name]) => name))].map((name) => ({ of: { name }, isWhole: false }));
  return [{ at: unread.start, requirement: 'plain word', by: 'a shell, in a script that could not be parsed', names }];
}

/** Files that the script runs or sources: text written into them is code. */
function executedFiles(layer: NestedScript): Evaluation[] {
  return layer.script.commands.flatMap((command) =>
    [...executedWords(command, layer.text), ...startFiles(command)].flatMap((word): Evaluation[] => {
      const name = fileName(word, layer);
      if (name === undefined) return [];
      return [evaluationOf(name, word, 'the shell that runs it')];
    }),
  );
}

function evaluationOf(name: string, { start }: Range, by: string): Evaluation {
  return { at: start, requirement: 'plain word', by, names: [{ of: { name }, isWhole: false }] };
}

/** `BASH_ENV=FILE` */
function startFiles({ assignments, words }: Command): Word[] {
  return [...assignments, ...words].filter(({ text }) => /^(?:BASH_ENV|ENV)=/.test(text));
}

/** The input of a program that evaluates it, by its name. */
function fedCode(layer: NestedScript): Evaluation[] {
  return layer.script.commands.flatMap((command): Evaluation[] => {
    const reader = inputEvaluator(command, layer.text);
    if (reader === undefined) return [];
    return [evaluationOf(inputName(command, layer), command, reader.by)];
  });
}

/** `read 'a[N]'`, `[[ -v a[N] ]]` */
export function subscriptsOfNames(
  { start, end }: Range,
  layer: NestedScript,
  associative: ReadonlySet<string>,
): readonly Evaluation[] {
  return [...layer.text.slice(start, end).matchAll(/([A-Za-z_]\w*)\[([^\]]*)\]/g)].flatMap(
    ({ index, 0: written, 1: name = '' }): Evaluation[] => {
      if (associative.has(name)) return [];
      const subscript = { start: start + index + name.length + 1, end: start + index + written.length - 1 };
      const names = identifiersIn(subscript, layer);
      return [{ at: subscript.start, requirement: 'number', by: 'an array subscript', names }];
    },
  );
}

/** `([$N]=…)` */
function subscripts(layer: NestedScript, associative: ReadonlySet<string>): Evaluation[] {
  const { script, text } = layer;
  return script.arrays.flatMap(({ start, elements }) => {
    const name = /([A-Za-z_]\w*)\+?=$/.exec(text.slice(0, start))?.[1] ?? '';
    if (associative.has(name)) return [];
    return elements
      .flatMap((element) => keyOf(element, layer))
      .map((range): Evaluation => {
        const names = [...namesIn(range, layer), ...identifiersIn(range, layer)];
        return { at: range.start, requirement: 'number', by: 'an array subscript', names };
      });
  });
}

/** The evaluations by a command whose words come from variables. */
export function evaluationsOfExpanded({ command, words, isSure }: ExpandedCommand): Evaluation[] {
  const [first] = words;
  if (first === undefined) return [];
  const expanded = { ...command, words };
  const lists = [
    ...codeWordLists(expanded, first.layer.text),
    ...nameWordLists(expanded),
    { words: words.slice(programAt(words)).slice(0, 1), by: 'bash, as the name of a command' },
  ];
  const special = splitWords(words).map((one) => ({ ...one, at: command.start }));
  const evaluated = lists.flatMap(({ words: code, by, ...how }) =>
    words
      .filter((word) => code.includes(word))
      .map((word): Evaluation => ({
        at: command.start,
        requirement: 'isEvenPlain' in how ? 'number' : 'plain word',
        by,
        names: [
          ...[...placeholdersIn(word, word.layer), ...namesIn(word, word.layer)].map(({ of, isWhole }) => ({
            of,
            isWhole: isWhole && isSure,
            ...(word.heldBy !== undefined && { heldBy: word.heldBy }),
          })),
          ...(word.via === undefined ? [] : doubtful(namesIn(word.via, word.via.layer))),
        ],
      })),
  );
  return [...evaluated, ...special];
}

/** Unquoted variables where bash splits their values into words that are more than data. */
function splitWords(words: readonly LayeredWord[]): Evaluation[] {
  return specialWords(words).flatMap((word): Evaluation[] => {
    const written = word.layer.text.slice(word.start, word.end);
    const isSplit = word.isSplit ?? /\$[\w{@*]/.test(written.replaceAll(/"[^"]*"|'[^']*'/g, ''));
    const program = words[0]?.text ?? '';
    // The arguments of env before the program can set any variable: BASH_ENV=….
    if (!isSplit && !(/(?:^|\/)env$/.test(program) && /^"\$/.test(written))) return [];
    const values = placeholdersIn(word, word.layer).filter(
      ({ of }) => word.isSplit === true || ('placeholder' in of && becomesWords(of.placeholder)),
    );
    const because = values.length > 0 && word.isSplit !== true ? 'becomes several words' : 'is unquoted';
    const by = isSplit ? `${program}, as options, because it ${because}` : 'env, as the name of a variable';
    const names = doubtful([...namesIn(word, word.layer), ...values]);
    return [{ at: word.start, requirement: 'plain word', by, names }];
  });
}

function doubtful(sources: readonly Source[]): Source[] {
  return sources.map((source) => ({ ...source, isWhole: false }));
}

/** The index of the word that names the program: `exec $CMD`, `timeout 9 $CMD`. */
function programAt(words: readonly Word[]): number {
  let at = 0;
  while (STARTERS.test(words[at]?.text ?? '')) {
    if (words[at]?.text === 'exec' && words[at + 1]?.text === '-a') at += 2;
    const own = words[at]?.text === 'timeout' ? /^(?:-.*|[0-9.]+[smhd]?|(?:SIG)?[A-Z]+)$/ : /^-/;
    at += 1;
    while (own.test(words[at]?.text ?? '')) at += 1;
  }
  return at;
}

const STARTERS = /^(?:command|builtin|exec|nohup|setsid|timeout)$/;

/** Lists of mounts and variables, and values that Pyxis writes into a script that runs on the node, outside the container. */
function evaluationsByOptions(layer: NestedScript): Evaluation[] {
  const { script, text } = layer;
  const words = restrictedOptions([], script.commands, text);
  return script.expansions.flatMap((expansion): Evaluation[] => {
    const option = restrictedOptionAt(text, expansion, words);
    if (option === undefined) return [];
    const requirement = requirementOf(option, text);
    const by = `${programsOf(option, requirement)}, for --${option}`;
    const one: Evaluation = { at: expansion.start, requirement, by, names: namesIn(expansion, layer) };
    // After a dash, it is an option of the program that mounts, which can name a program.
    return option === 'fusemount' ? [one, { ...one, requirement: 'plain word' }] : [one];
  });
}

function programsOf(option: string, requirement: Evaluation['requirement']): string {
  if (option.startsWith('container-')) return 'Pyxis';
  return requirement === 'part of a mount' ? 'the container runtime' : 'Slurm or Singularity';
}

/** In arithmetic, a bare name is a variable, whose value is evaluated too, as is `$NAME` in single quotes. */
function identifiersIn({ start, end }: Range, { script, text }: NestedScript): Source[] {
  return [...text.slice(start, end).matchAll(/(?<!\w)[A-Za-z_]\w*/g)].flatMap(({ index, 0: name }) => {
    const range = { start: start + index, end: start + index + name.length };
    const isOther =
      script.expansions.some((one) => isInside(range, one) && isInside(one, { start, end })) ||
      script.occurrences.some(({ placeholder }) => isInside(range, placeholder)) ||
      script.substitutions.some((one) => isInside(range, one) && isInside(one, { start, end }));
    return isOther ? [] : [{ of: { name }, isWhole: true }];
  });
}
