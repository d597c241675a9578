// Checks a template for what sbatch or bash reject in any file: wrong encoding, interpreter or line ends, or too many bytes.
import { catchTemplateError, type TemplateError } from './errors.ts';
import { findHeader } from './directives/check-directives.ts';
import type { EnforcedRule } from './enforced-rules.ts';
import { templateErrorAt, type TemplateSource } from './template-source.ts';

/** sbatch's default limit (slurm.conf(5), `max_script_size`); it counts bytes. */
const MAX_SCRIPT_BYTES = 4 * 1024 * 1024;

/** The shells for which values are quoted. */
const INTERPRETER = /^#![ \t]*(?:\S*\/)?(?:env[ \t]+(?:-S[ \t]*)?)?(?:\S*\/)?(?:ba|da)?sh(?:[ \t]|$)/;

/** All such errors of the file. */
export function fileErrors(source: TemplateSource): TemplateError[] {
  const { text } = source;
  const problems: TemplateError[] = [];
  function found(at: number, rule: EnforcedRule, finding: string): void {
    problems.push(templateErrorAt(source, at, rule, finding));
  }

  const hasMark = text.startsWith('\uFEFF');
  const firstLine = text.slice(hasMark ? 1 : 0).split('\n', 1)[0] ?? '';
  if (hasMark) {
    found(0, 'byte-order-mark', 'sbatch rejects a byte order mark before #!: save the file as UTF-8 without it');
  }
  if (!firstLine.startsWith('#!')) {
    found(0, 'no-shebang', 'sbatch rejects a script whose first line does not begin with #!: write #!/bin/bash');
  } else if (!INTERPRETER.test(firstLine.trimEnd())) {
    found(
      0,
      'interpreter',
      'a template must be a script for bash or sh, for which values are quoted: write #!/bin/bash',
    );
  }
  const carriageReturn = text.indexOf('\r');
  if (carriageReturn !== -1) {
    found(carriageReturn, 'dos-line-end', "sbatch rejects DOS line ends: run sed -i 's/\\r$//' on the file");
  }
  const nul = text.indexOf('\0');
  if (nul !== -1) found(nul, 'nul-character', 'sbatch rejects a NUL character: remove it');
  catchTemplateError(problems, () => checkSize(source, text));
  return problems;
}

/** @throws TemplateError if the script exceeds the limit of sbatch */
export function checkSize(source: TemplateSource, script: string): void {
  const bytes = Buffer.byteLength(script);
  if (bytes <= MAX_SCRIPT_BYTES) return;
  throw templateErrorAt(
    source,
    0,
    'script-too-long',
    `the script has ${bytes} bytes, and sbatch accepts at most ${MAX_SCRIPT_BYTES}: keep large texts in files`,
  );
}

/** dash cannot parse the blocks, and neither can a bash before 5.1 that is called sh. The options of the line stay. */
const SMALL_SHELL = /^(#![ \t]*)(\S*\/env[ \t]+(?:-S[ \t]*)?)?(?:\S*\/)?(?:da)?sh(?=[ \t\n])/;

/** Makes bash the interpreter of a job script: a template may name sh, but the blocks are bash. */
export function runWithBash(script: string): string {
  return script.replace(
    SMALL_SHELL,
    (_found, start: string, env?: string) => `${start}${env === undefined ? '/bin/bash' : `${env}bash`}`,
  );
}

const INTERACTIVE = /^#!.*[ \t]-[A-Za-z]*i/;

/**
 * Disables history expansion, which an interactive bash (`#!/bin/bash -i`, for the sake of a `.bashrc`) also performs in a script: in double
 * quotes, a `!#` in a value would insert the beginning of the line, with its quote.
 */
export function withoutHistoryExpansion(script: string): string {
  if (!INTERACTIVE.test(script)) return script;
  const { end } = findHeader(script);
  // In a separate line: bash expands a line before it runs a command in it.
  return `${script.slice(0, end)}set +H\n${script.slice(end)}`;
}
