// The three blocks of a template: each once, in order, each where a command of several lines can stand.
import { BLOCKS, type BlockName } from './placeholder.ts';
import type { BlockSite, LexedScript } from './shell/lexed-script.ts';
import { problemAt, type Range, type TemplateSource } from './source.ts';

/** Where each block is inserted. */
export type BlockPlaces = Readonly<Record<BlockName, Range>>;

/**
 * @param header the lines of directives, behind which a missing block is reported
 * @throws TemplateProblem for a block that is missing, there twice, out of order, or not alone on its line
 */
export function placeBlocks(source: TemplateSource, script: LexedScript, header: Range): BlockPlaces {
  const setUp = requireBlock(source, script, header, 'CLEARML_PRE_SETUP');
  const tearDown = requireBlock(source, script, header, 'CLEARML_POST_SETUP');
  const execute = mayLackAgent(script) ? undefined : requireBlock(source, script, header, 'CLEARML_AGENT_EXECUTE');

  const places = {
    CLEARML_PRE_SETUP: setUp.blank,
    CLEARML_AGENT_EXECUTE: execute?.blank ?? { start: tearDown.blank.start, end: tearDown.blank.start },
    CLEARML_POST_SETUP: tearDown.blank,
  };
  checkOrder(source, places);
  return places;
}

/**
 * A template that wraps srun may leave the agent's line out (ClearML's Pyxis page does): it then goes in front of POST_SETUP.
 */
export function mayLackAgent({ blocks, functions }: LexedScript): boolean {
  return (
    !blocks.some(({ blank }) => blank.block === 'CLEARML_AGENT_EXECUTE') &&
    functions.some(({ name }) => name === 'srun')
  );
}

/** The block's only place. @throws TemplateProblem */
export function requireBlock(source: TemplateSource, script: LexedScript, header: Range, block: BlockName): BlockSite {
  const [first, second] = script.blocks
    .filter(({ blank }) => blank.block === block)
    .sort((a, b) => a.blank.start - b.blank.start);
  if (first === undefined) {
    throw problemAt(
      source,
      header.end,
      'block-missing',
      `\${${block}} is missing: write it on a line of its own, ${WHERE[block]}`,
    );
  }
  if (second !== undefined) {
    throw problemAt(
      source,
      second.blank.start,
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

function checkLine(source: TemplateSource, script: LexedScript, { blank, isNested, within }: BlockSite): void {
  const { text } = source;
  if (within !== undefined) {
    const place = within.includes('quotes') || within.includes('document') ? within : 'expression';
    throw problemAt(
      source,
      blank.start,
      'block-place',
      `\${${blank.block}} must be a command of its own: take it out of the ${place}, or close that before it`,
    );
  }
  const before = text.slice(text.lastIndexOf('\n', blank.start - 1) + 1, blank.start);
  const newline = text.indexOf('\n', blank.end);
  const after = text.slice(blank.end, newline === -1 ? text.length : newline);
  const command = script.commands.find(({ words }) => isSame(words.at(-1), blank));
  const isLastWord = command !== undefined && !isNested && after.trim() === '';
  const isAlone = command?.words.length === 1 && before.trim() === '';

  if (blank.block === 'CLEARML_AGENT_EXECUTE' ? isLastWord : isLastWord && isAlone) return;
  const room =
    blank.block === 'CLEARML_AGENT_EXECUTE'
      ? 'it may follow a command, but nothing may follow it'
      : 'it is several lines of script, so nothing else may stand there';
  throw problemAt(source, blank.start, 'block-place', `\${${blank.block}} must end its line and its command: ${room}`);
}

function checkOrder(source: TemplateSource, places: BlockPlaces): void {
  for (const [index, block] of BLOCKS.entries()) {
    const before = BLOCKS[index - 1];
    if (before !== undefined && places[before].start > places[block].start) {
      throw problemAt(
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
