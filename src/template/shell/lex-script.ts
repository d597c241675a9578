// A whole script read as bash would read it, without running anything: the placeholders in it, each with its place.
import type { Range, TemplateSource } from '../source.ts';
import { lexList, lexSubstitution } from './commands.ts';
import type { LexedScript } from './lexed-script.ts';
import type { Lexer } from './lexer.ts';
import { checkParserBugs } from './parser-bugs.ts';

/**
 * Pure. Comments are skipped, so placeholders in them are no occurrences.
 * @throws TemplateError for quotes, here-documents and expansions that are never closed, for placeholders where none may stand, and for what some bash misreads
 */
export function lexScript(source: TemplateSource): LexedScript {
  return lexRange(source, { start: 0, end: source.text.length });
}

/** A stretch of the text read as a script of its own. @throws TemplateError */
export function lexRange(source: TemplateSource, { start, end }: Range): LexedScript {
  const lexer: Lexer = {
    source,
    at: start,
    end,
    depth: 0,
    pending: [],
    lexSubstitution,
    found: {
      occurrences: [],
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
      unbracedNames: [],
      expansions: [],
      implicitAssignments: [],
      arrays: [],
      caseWords: [],
      substitutions: [],
      parserBugs: [],
      comments: [],
    },
  };
  lexList(lexer, 'end', start);
  lexer.found.occurrences.sort((a, b) => a.placeholder.start - b.placeholder.start);
  checkParserBugs(lexer);
  return lexer.found;
}
