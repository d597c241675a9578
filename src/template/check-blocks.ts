// The three blocks of a template: each once, in order, each where a command of several lines can stand.
import { BLOCKS, type BlockName } from './placeholder.ts';
import type { BlockOccurrence, LexedScript } from './shell/lexed-script.ts';
import { templateErrorAt, type Range, type TemplateSource } from './source.ts';

/** Where each block is inserted. */
export type BlockRanges = Readonly<Record<BlockName, Range>>;

/**
 * @param header the lines of directives, behind which a missing block is reported
 * @throws TemplateError for a block that is missing, there twice, out of order, or not alone on its line
 */
export function locateBlocks(source: TemplateSource, script: LexedScript, header: Range): BlockRanges {
  const setUp = requireBlock(source, script, header, 'CLEARML_PRE_SETUP');
  const tearDown = requireBlock(source, script, header, 'CLEARML_POST_SETUP');
  const execute = mayOmitAgent(script) ? undefined : requireBlock(source, script, header, 'CLEARML_AGENT_EXECUTE');

  const places = {
    CLEARML_PRE_SETUP: setUp.placeholder,
    CLEARML_AGENT_EXECUTE: execute?.placeholder ?? {
      start: tearDown.placeholder.start,
      end: tearDown.placeholder.start,
    },
    CLEARML_POST_SETUP: tearDown.placeholder,
  };
  checkOrder(source, places);
  return places;
}

/**
 * A template that wraps srun may leave the agent's line out (ClearML's Pyxis page does): it then goes in front of POST_SETUP.
 */
export function mayOmitAgent({ blocks, functions }: LexedScript): boolean {
  return (
    !blocks.some(({ placeholder }) => placeholder.block === 'CLEARML_AGENT_EXECUTE') &&
    functions.some(({ name }) => name === 'srun')
  );
}

/** The block's only place. @throws TemplateError */
export function requireBlock(
  source: TemplateSource,
  script: LexedScript,
  header: Range,
  block: BlockName,
): BlockOccurrence {
  const [first, second] = script.blocks
    .filter(({ placeholder }) => placeholder.block === block)
    .sort((a, b) => a.placeholder.start - b.placeholder.start);
  if (first === undefined) {
    throw templateErrorAt(
      source,
      header.end,
      'block-missing',
      `\${${block}} is missing: write it on a line of its own, ${WHERE[block]}`,
    );
  }
  if (second !== undefined) {
    throw templateErrorAt(
      source,
      second.placeholder.start,
      'block-twice',
      `\${${block}} stands here a second time: take one of the two out`,
    );
  }
  checkLine(source, script, first);
  return first;
}

const WHERE: Readonly<Record<BlockName, string>> = {
  CLEARML_PRE_SETUP: 'after the #SBATCH lines and what the node needs before Python',
  CLEARML_AGENT_EXECUTE:
    'between ${CLEARML_PRE_SETUP} and ${CLEARML_POST_SETUP}, or behind a command such as singularity exec',
  CLEARML_POST_SETUP: 'at the end',
};

function checkLine(
  source: TemplateSource,
  script: LexedScript,
  { placeholder, isNested, within }: BlockOccurrence,
): void {
  const { text } = source;
  if (within !== undefined) {
    const place = within.includes('quotes') || within.includes('document') ? within : 'expression';
    throw templateErrorAt(
      source,
      placeholder.start,
      'block-place',
      `\${${placeholder.block}} must be a command of its own: take it out of the ${place}, or close that before it`,
    );
  }
  const before = text.slice(text.lastIndexOf('\n', placeholder.start - 1) + 1, placeholder.start);
  const newline = text.indexOf('\n', placeholder.end);
  const after = text.slice(placeholder.end, newline === -1 ? text.length : newline);
  const command = script.commands.find(({ words }) => isSame(words.at(-1), placeholder));
  const isLastWord = command !== undefined && !isNested && after.trim() === '';
  const isAlone = command?.words.length === 1 && before.trim() === '';

  if (placeholder.block === 'CLEARML_AGENT_EXECUTE' ? isLastWord : isLastWord && isAlone) return;
  const room =
    placeholder.block === 'CLEARML_AGENT_EXECUTE'
      ? 'it may follow a command, but nothing may follow it'
      : 'it is several lines of script, so nothing else may stand there';
  throw templateErrorAt(
    source,
    placeholder.start,
    'block-place',
    `\${${placeholder.block}} must end its line and its command: ${room}`,
  );
}

function checkOrder(source: TemplateSource, places: BlockRanges): void {
  for (const [index, block] of BLOCKS.entries()) {
    const before = BLOCKS[index - 1];
    if (before !== undefined && places[before].start > places[block].start) {
      throw templateErrorAt(
        source,
        places[block].start,
        'block-order',
        `\${${block}} stands in front of \${${before}}: change their order`,
      );
    }
  }
}

function isSame(a: Range | undefined, b: Range): boolean {
  return a?.start === b.start && a.end === b.end;
}
