// A whole script read as bash would read it, without running anything: the blanks in it, each with its place.
import type { Range, TemplateSource } from '../source.ts';
import { lexList, lexSubstitution } from './commands.ts';
import type { LexedScript } from './lexed-script.ts';
import type { Lexer } from './lexer.ts';
import { checkMisreadings } from './parser-bugs.ts';

/**
 * Pure. Comments are skipped, so blanks in them are no sites.
 * @throws TemplateProblem for quotes, here-documents and expansions that are never closed, for blanks where none may stand, and for what some bash misreads
 */
export function lexScript(source: TemplateSource): LexedScript {
  return lexRange(source, { start: 0, end: source.text.length });
}

/** A stretch of the text read as a script of its own. @throws TemplateProblem */
export function lexRange(source: TemplateSource, { start, end }: Range): LexedScript {
  const lexer: Lexer = {
    source,
    at: start,
    end,
    depth: 0,
    pending: [],
    lexSubstitution,
    found: {
      sites: [],
      blocks: [],
      commands: [],
      compounds: [],
      pipelines: [],
      functions: [],
      redirections: [],
      documents: [],
      arithmetic: [],
      processSubstitutions: [],
      coprocesses: [],
      openNames: [],
      expansions: [],
      fillings: [],
      arrays: [],
      caseWords: [],
      substitutions: [],
      misreadings: [],
      comments: [],
    },
  };
  lexList(lexer, 'end', start);
  lexer.found.sites.sort((a, b) => a.blank.start - b.blank.start);
  checkMisreadings(lexer);
  return lexer.found;
}
