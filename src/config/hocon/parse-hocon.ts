// Parses HOCON as ClearML's own parser (its pyhocon) does, with the position of every value.
import type { ConfigNode, ConfigTree, Origin } from '../config-tree.ts';
import { createCursor } from './hocon-cursor.ts';
import { parseDocument, parseLoneValue, type ParseState } from './hocon-grammar.ts';
import { resolveDraft, type Environment } from './resolve-substitutions.ts';

const MOST_INCLUDES = 20;

export interface IncludedFile {
  readonly file: string;
  readonly text: string;
}

export interface HoconContext {
  /** The source of substitutions that the text does not define. */
  readonly environment: Environment;
  /** The file that `from` includes as `path`; undefined if it does not exist, which is an error only for `required`. */
  readInclude(path: string, from: string): IncludedFile | undefined;
}

/**
 * The settings in a text. It differs from pyhocon only where that loses or corrupts a value: `\u00e9` is a letter,
 * `""` stays in a list, `+=` always appends to a list, whitespace between words stays, `10m` is always a text.
 * @param file the name for messages; includes are relative to it
 * @throws ConfigError with file, line and column, whatever the text contains
 */
export function parseHocon(file: string, text: string, context: HoconContext): ConfigTree {
  return resolveDraft(parseDocument(stateOf(file, text, context, [file], 0)), context.environment);
}

/**
 * Parses one value, as after `key =`: how the agent reads `CLEARML_AGENT__…` variables.
 * Undefined for an optional substitution of something that does not exist.
 * @throws ConfigError
 */
export function parseHoconValue(text: string, origin: Origin, environment: Environment): ConfigNode | undefined {
  const cursor = createCursor('', text, () => origin);
  const value = parseLoneValue({ cursor, include: () => undefined, depth: 0, isSecret: true });
  const tree = resolveDraft({ kind: 'tree', fields: new Map([['value', value]]), origin }, environment);
  return tree.fields.get('value');
}

function stateOf(
  file: string,
  text: string,
  context: HoconContext,
  chain: readonly string[],
  depth: number,
): ParseState {
  return {
    cursor: createCursor(file, text),
    depth,
    isSecret: false,
    include: ({ path, isRequired }, state, blame) => {
      const found = context.readInclude(path, file);
      if (found === undefined && isRequired) throw blame(`the required file ${path} cannot be read`);
      if (found === undefined) return undefined;
      if (chain.includes(found.file)) throw blame(`${found.file} includes itself`);
      if (chain.length > MOST_INCLUDES) throw blame(`there are more than ${MOST_INCLUDES} nested includes`);
      return parseDocument(stateOf(found.file, found.text, context, [...chain, found.file], state.depth + 1));
    },
  };
}
