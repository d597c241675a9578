// A template read to its end whatever is wrong with it: every problem that the renderer would stop at, and all that can be read.
import { BLOCKS } from '../placeholder.ts';
import { mayLackAgent, placeBlocks, requireBlock } from '../check-blocks.ts';
import { findHeader, headerLines, lateDirectives, readDirectiveLine } from '../check-directives.ts';
import { shapeProblems } from '../check-file.ts';
import type { DirectiveWord } from '../directive.ts';
import { orProblem, type TemplateProblem } from '../errors.ts';
import { defaultProblems } from '../render.ts';
import { lexScript } from '../shell/lex-script.ts';
import type { LexedScript, Reach, Site } from '../shell/lexed-script.ts';
import type { Range, TemplateSource } from '../source.ts';
import { findSites } from '../taint/find-occurrences.ts';

export interface Reading {
  /** Without what sbatch would refuse in any text; lines and columns are those of the file. */
  readonly source: TemplateSource;
  readonly header: Range;
  /** Those of all directives that could be read. */
  readonly words: readonly DirectiveWord[];
  /** undefined where bash could not read the script. */
  readonly script: LexedScript | undefined;
  /** The text with blanks that can't be read as plain words, of the same length. */
  readonly readable: string;
  /** The blanks of the script, in the order of the text. */
  readonly sites: readonly Site[];
  /** Where values may be evaluated, but nobody can be sure. */
  readonly doubts: readonly Reach[];
  /** In no order. */
  readonly problems: readonly TemplateProblem[];
}

export function readLeniently(file: string, text: string): Reading {
  const problems = shapeProblems({ file, text });
  const source = {
    file,
    text: text
      .replace(/^\uFEFF/, '')
      .replaceAll('\r', '')
      .replaceAll('\0', ' '),
  };
  const header = findHeader(source.text);
  const words = headerLines(source, header).flatMap(
    (line) => orProblem(problems, () => readDirectiveLine(source, line)) ?? [],
  );
  const { script, readable } = lexWithoutWrongBlanks(source, problems);
  if (script !== undefined) {
    problems.push(...lateDirectives(source, header, script.comments));
    for (const block of BLOCKS) {
      if (block === 'CLEARML_AGENT_EXECUTE' && mayLackAgent(script)) continue;
      orProblem(problems, () => requireBlock(source, script, header, block));
    }
    checkBlockOrder(source, script, header, problems);
  }
  const { sites, doubts } = script === undefined ? { sites: [], doubts: [] } : findSites(source, script);
  problems.push(
    ...defaultProblems({
      source,
      words,
      sites,
      documents: script?.documents ?? [],
      openNames: script?.openNames ?? [],
    }),
  );
  return { source, header, words, script, readable, sites, doubts, problems };
}

const BLANK = /\$[{<]CLEARML_[^}>\n]*[}>]?/y;

/** A blank that can't be read is told of, and then taken for a word of the same length. */
function lexWithoutWrongBlanks(
  source: TemplateSource,
  problems: TemplateProblem[],
): Pick<Reading, 'script' | 'readable'> {
  for (let { text } = source; ;) {
    const found: TemplateProblem[] = [];
    const script = orProblem(found, () => lexScript({ file: source.file, text }));
    problems.push(...found);
    const [problem] = found;
    if (problem === undefined) return { script, readable: text };
    // With another word behind << the document would end elsewhere.
    if (problem.rule === 'document-delimiter') return { script: undefined, readable: text };
    const at = offsetOf(text, problem);
    BLANK.lastIndex = problem.rule === 'escaped-blank' ? at + 1 : at;
    const blank = BLANK.exec(text)?.[0];
    if (blank === undefined) return { script: undefined, readable: text };
    const start = BLANK.lastIndex - blank.length;
    text = text.slice(0, start) + 'x'.repeat(blank.length) + text.slice(start + blank.length);
  }
}

function offsetOf(text: string, { line, column }: TemplateProblem): number {
  const before = text.split('\n').slice(0, line - 1);
  return before.reduce((sum, { length }) => sum + length + 1, 0) + column - 1;
}

/** Only where each block has its one place can their order be wrong. */
function checkBlockOrder(
  source: TemplateSource,
  script: LexedScript,
  header: Range,
  problems: TemplateProblem[],
): void {
  if (problems.some(({ rule }) => rule !== undefined && BLOCK_RULES.includes(rule))) return;
  orProblem(problems, () => placeBlocks(source, script, header));
}

const BLOCK_RULES: readonly string[] = ['block-missing', 'block-twice', 'block-place'];
