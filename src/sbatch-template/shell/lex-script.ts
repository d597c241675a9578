// Lexes a script as bash would, without running it.
import type { Range, TemplateSource } from '../template-source.ts';
import { lexList, lexSubstitution } from './lex-commands.ts';
import type { LexedScript } from './lexer-result.ts';
import type { Lexer } from './lexer-state.ts';
import { checkParserBugs } from './find-parser-bugs.ts';

/**
 * Pure. Placeholders in comments are ignored.
 * @throws TemplateError for unclosed quotes, here-documents and expansions, for placeholders where none is allowed, and for syntax that some
 * bash misparses
 */
export function lexScript(source: TemplateSource): LexedScript {
  return lexRange(source, { start: 0, end: source.text.length });
}

/** Lexes a range of the text as a separate script. @throws TemplateError */
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
