// Checks the three blocks of a template: each occurs once, in order, and where several lines of script are possible.
import { BLOCKS, type BlockName } from './placeholders/parse-placeholder.ts';
import { catchTemplateError, type TemplateError } from './errors.ts';
import type { BlockOccurrence, Command, LexedScript } from './shell/lexer-result.ts';
import { endOfLine, templateErrorAt, type Range, type TemplateSource } from './template-source.ts';

/** The range that each block replaces. */
export type BlockRanges = Readonly<Record<BlockName, Range>>;

/**
 * Undefined, with a problem for each, if a block is missing, repeated, out of order, or not alone on its line.
 * @param header the lines of directives, after which a missing block is reported
 */
export function locateBlocks(
  source: TemplateSource,
  script: LexedScript,
  header: Range,
  problems: TemplateError[],
): BlockRanges | undefined {
  const locate = (block: BlockName): Range | undefined =>
    catchTemplateError(problems, () => requireBlock(source, script, header, block).placeholder);
  const setUp = locate('CLEARML_PRE_SETUP');
  const tearDown = locate('CLEARML_POST_SETUP');
  const execute = mayOmitAgent(script)
    ? tearDown && { start: tearDown.start, end: tearDown.start }
    : locate('CLEARML_AGENT_EXECUTE');
  if (setUp === undefined || execute === undefined || tearDown === undefined) return undefined;

  const places = { CLEARML_PRE_SETUP: setUp, CLEARML_AGENT_EXECUTE: execute, CLEARML_POST_SETUP: tearDown };
  return catchTemplateError(problems, () => inOrder(source, places));
}

/**
 * A template that wraps srun may omit AGENT_EXECUTE, as ClearML's Pyxis page does: it is then inserted before POST_SETUP.
 */
function mayOmitAgent({ blocks, functions }: LexedScript): boolean {
  return (
    !blocks.some(({ placeholder }) => placeholder.block === 'CLEARML_AGENT_EXECUTE') &&
    functions.some(({ name }) => name === 'srun')
  );
}

/** The only occurrence of the block. @throws TemplateError */
function requireBlock(source: TemplateSource, script: LexedScript, header: Range, block: BlockName): BlockOccurrence {
  const [first, second] = script.blocks
    .filter(({ placeholder }) => placeholder.block === block)
    .sort((a, b) => a.placeholder.start - b.placeholder.start);
  if (first === undefined) {
    throw templateErrorAt(
      source,
      header.end,
      'block-missing',
      `\${${block}} is missing: write it on a separate line, ${WHERE[block]}`,
    );
  }
  if (second !== undefined) {
    throw templateErrorAt(
      source,
      second.placeholder.start,
      'block-twice',
      `\${${block}} occurs a second time: remove one of the two`,
    );
  }
  checkLine(source, script, first);
  return first;
}

const WHERE: Readonly<Record<BlockName, string>> = {
  CLEARML_PRE_SETUP: 'after the #SBATCH lines and the set-up of the node, such as module load',
  CLEARML_AGENT_EXECUTE:
    'between ${CLEARML_PRE_SETUP} and ${CLEARML_POST_SETUP}, or after a command such as singularity exec',
  CLEARML_POST_SETUP: 'at the end',
};

function checkLine(
  source: TemplateSource,
  script: LexedScript,
  { placeholder, isNested, within }: BlockOccurrence,
): void {
  const { text } = source;
  if (within !== undefined) {
    const outer = within.includes('quotes') || within.includes('document') ? within : 'expression';
    throw templateErrorAt(
      source,
      placeholder.start,
      'block-place',
      `\${${placeholder.block}} must be a separate command: move it out of the ${outer}, or close the ${outer} first`,
    );
  }
  const before = text.slice(text.lastIndexOf('\n', placeholder.start - 1) + 1, placeholder.start);
  const after = text.slice(placeholder.end, endOfLine(text, placeholder.end));
  const command = commandEndingIn(placeholder, script);
  const isLastWord = command !== undefined && !isNested && after.trim() === '';
  const isAlone = command?.words.length === 1 && before.trim() === '';

  if (placeholder.block === 'CLEARML_AGENT_EXECUTE' ? isLastWord : isLastWord && isAlone) return;
  const remedy =
    placeholder.block === 'CLEARML_AGENT_EXECUTE'
      ? 'a command may precede it, but nothing may follow it'
      : 'it becomes several lines of script, so write nothing else on the line';
  throw templateErrorAt(
    source,
    placeholder.start,
    'block-place',
    `\${${placeholder.block}} must be the last word of its line and its command: ${remedy}`,
  );
}

/** The places, if they are in order. @throws TemplateError */
function inOrder(source: TemplateSource, places: BlockRanges): BlockRanges {
  for (const [index, block] of BLOCKS.entries()) {
    const before = BLOCKS[index - 1];
    if (before !== undefined && places[before].start > places[block].start) {
      throw templateErrorAt(
        source,
        places[block].start,
        'block-order',
        `\${${block}} is before \${${before}}: change their order`,
      );
    }
  }
  return places;
}

/** The command whose last word is this block. */
export function commandEndingIn({ start, end }: Range, { commands }: LexedScript): Command | undefined {
  return commands.find(({ words }) => words.at(-1)?.start === start && words.at(-1)?.end === end);
}
